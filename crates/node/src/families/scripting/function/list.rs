//! FUNCTION LIST and STATS.

use crate::dispatch::{Call, Flow};
use crate::scripts::{Kind, Running};
use base::{Mono, glob};
use resp::Reply;
use script::library::{Function, Library};

/// FUNCTION LIST.
pub fn list(call: &mut Call<'_, '_>) -> Flow {
    let (mut pattern, mut with_code) = (None, false);
    let mut at = 2;
    while let Some(word) = call.args.get(at) {
        if !with_code && word.eq_ignore_ascii_case(b"withcode") {
            with_code = true;
        } else if pattern.is_none() && word.eq_ignore_ascii_case(b"libraryname") {
            at += 1;
            pattern = call.args.get(at);
            if pattern.is_none() {
                call.out.error("library name argument was not given");
                return Flow::Next;
            }
        } else {
            call.out.error(&format!("Unknown argument {}", String::from_utf8_lossy(word)));
            return Flow::Next;
        }
        at += 1;
    }
    let all = call.core.shared.libraries.load_full();
    let wanted = |library: &&_| pattern.is_none_or(|pattern| fits(pattern, library));
    call.out.array(all.iter().filter(wanted).count());
    for library in all.iter().filter(wanted) {
        describe(library, with_code, call.out);
    }
    Flow::Next
}

fn fits(pattern: &[u8], library: &std::sync::Arc<Library>) -> bool {
    glob::matches(pattern, library.name.as_bytes(), true)
}

fn describe(library: &Library, with_code: bool, out: &mut Reply<'_>) {
    out.map(3 + usize::from(with_code));
    out.bulk(b"library_name");
    out.bulk(library.name.as_bytes());
    out.bulk(b"engine");
    out.bulk(ENGINE);
    out.bulk(b"functions");
    out.array(library.functions.len());
    for function in &library.functions {
        describe_function(function, out);
    }
    if with_code {
        out.bulk(b"library_code");
        out.bulk(&library.code);
    }
}

fn describe_function(function: &Function, out: &mut Reply<'_>) {
    out.map(3);
    out.bulk(b"name");
    out.bulk(function.name.as_bytes());
    out.bulk(b"description");
    match &function.description {
        Some(text) => out.bulk(text),
        None => out.null(),
    }
    out.bulk(b"flags");
    let flags = function.flags.names();
    out.set(flags.len());
    flags.for_each(|name| out.simple(name));
}

/// FUNCTION STATS.
pub fn stats(call: &mut Call<'_, '_>) -> Flow {
    let all = call.core.shared.libraries.load_full();
    let scripts = &call.core.shared.scripts.running;
    let running = scripts.oldest(Kind::Function);
    if running.is_none()
        && let Some(busy) = scripts.busy_everywhere()
    {
        call.out.error(busy.text());
        return Flow::Next;
    }
    let out = &mut *call.out;
    out.map(2);
    out.bulk(b"running_script");
    match running {
        Some(running) => describe_run(&running, call.core.now.mono, out),
        None => out.null(),
    }
    out.bulk(b"engines");
    out.map(1);
    out.bulk(ENGINE);
    out.map(2);
    out.bulk(b"libraries_count");
    out.int(all.len() as i64);
    out.bulk(b"functions_count");
    out.int(all.function_count() as i64);
    Flow::Next
}

fn describe_run(running: &Running, now: Mono, out: &mut Reply<'_>) {
    out.map(3);
    out.bulk(b"name");
    out.bulk(running.name.as_bytes());
    out.bulk(b"command");
    match running.command.get() {
        Some(command) => {
            let args = command.as_args();
            out.array(args.len());
            args.iter().for_each(|arg| out.bulk(arg));
        }
        None => out.array(0),
    }
    out.bulk(b"duration_ms");
    out.int(now.since(running.began).as_millis() as i64);
}

const ENGINE: &[u8] = b"LUA";
