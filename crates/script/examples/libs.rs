//! Runs Lua programs, one a line, with the libraries of scripts, and prints what they return or raise.

use std::io::{BufRead, Write};

#[path = "../tests/interpreter/mod.rs"]
mod interpreter;

fn main() {
    let mut out = std::io::stdout().lock();
    for program in std::io::stdin().lock().lines().map_while(Result::ok) {
        let shown = interpreter::run(&program);
        if out.write_all(&[&shown[..], b"\n"].concat()).and_then(|()| out.flush()).is_err() {
            break;
        }
    }
}
