//! What is asked of each key when a sequence is over.

use anyhow::Result;

use super::compare::Modes;
use super::pair::Line;
use super::reply::Wire;

/// Commands whose replies show all of a key, whose type `server` is asked for.
pub fn questions(key: &[u8], server: &mut Wire) -> Result<Vec<Line>> {
    let kind = server.call(&[b"TYPE".to_vec(), key.to_vec()])?;
    let value: &[&str] = match kind.text() {
        b"string" => &["GET"],
        b"list" => &["LRANGE 0 -1"],
        b"hash" => &["HGETALL pairs"],
        b"set" => &["SMEMBERS set"],
        b"zset" => &["ZRANGE 0 -1 WITHSCORES float"],
        b"stream" => &["XRANGE - +", "XINFO_GROUPS"],
        _ => &[],
    };
    let all = ["TYPE", "PTTL time", "OBJECT_ENCODING"].iter().chain(value);
    Ok(all.map(|text| line(text, key)).collect())
}

/// The words of a command, then modes: in lower case. The key goes behind the name.
fn line(text: &str, key: &[u8]) -> Line {
    let (mut words, mut modes) = (Vec::new(), Modes::default());
    for (i, word) in text.split(' ').enumerate() {
        if !modes.add(word) {
            words.extend(word.split('_').map(|word| word.as_bytes().to_vec()));
        }
        if i == 0 {
            words.push(key.to_vec());
        }
    }
    Line { words, modes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_follows_the_name() {
        let shown = |text: &str| super::super::pair::show(&line(text, b"k").words);
        assert_eq!(shown("LRANGE 0 -1"), "LRANGE k 0 -1");
        assert_eq!(shown("OBJECT_ENCODING"), "OBJECT ENCODING k");
        assert_eq!(shown("HGETALL pairs"), "HGETALL k");
    }
}
