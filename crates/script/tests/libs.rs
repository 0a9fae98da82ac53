//! The libraries of scripts against what real servers answered.

mod interpreter;

const GOLDEN: &str = include_str!("../testdata/libs.txt");

#[test]
fn programs_give_what_they_give_on_a_real_server() {
    let mut lines = GOLDEN.lines().filter(|line| !line.starts_with('#'));
    let (mut count, mut wrong) = (0, Vec::new());
    while let (Some(program), Some(expect)) = (lines.next(), lines.next()) {
        let shown = interpreter::run(program);
        count += 1;
        if shown != expect.trim_start().as_bytes() {
            let got = String::from_utf8_lossy(&shown);
            wrong.push(format!("{program}\n  got    {got}\n  expect {}", expect.trim_start()));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
