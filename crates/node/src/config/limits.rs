//! Values made of several numbers: save points, output buffer limits, percentiles, OOM scores.

use std::fmt::Write as _;

use super::number;

/// `save <seconds> <changes>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SavePoint {
    /// Seconds since the last save.
    pub seconds: u64,
    /// Changes since the last save.
    pub changes: u64,
}

/// The classes of `client-output-buffer-limit`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutputClass {
    /// Ordinary clients, and `MONITOR`.
    Normal,
    /// Replicas.
    Replica,
    /// Subscribers.
    PubSub,
}

/// When a client that does not read is closed. 0 means no limit.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct OutputLimit {
    /// Bytes that close it at once.
    pub hard: u64,
    /// Bytes that close it when exceeded for `soft_seconds`.
    pub soft: u64,
    /// Seconds, see `soft`.
    pub soft_seconds: u64,
}

/// Limits in the order of [`OutputClass`].
pub(super) type OutputLimits = [OutputLimit; 3];

/// The word of each class in `CONFIG GET`, and in a rewritten file.
const CLASS_WORDS: [(&str, &str); 3] = [("normal", "normal"), ("slave", "replica"), ("pubsub", "pubsub")];

const SAVE_ERROR: &str = "Invalid save parameters";

/// Reads pairs of seconds and changes; one empty argument, or none, is no save point.
pub(super) fn parse_save(args: &[Vec<u8>]) -> Result<Vec<SavePoint>, String> {
    if let [one] = args
        && one.is_empty()
    {
        return Ok(Vec::new());
    }
    let number = |text: &[u8], least: u64| number_at_least(text, least).ok_or_else(|| SAVE_ERROR.to_owned());
    if !args.len().is_multiple_of(2) {
        return Err(SAVE_ERROR.to_owned());
    }
    args.chunks_exact(2)
        .map(|pair| Ok(SavePoint { seconds: number(&pair[0], 1)?, changes: number(&pair[1], 0)? }))
        .collect()
}

/// As `strtoll` reads it, which is all that Redis asks of save points and buffer limits' seconds: the whole
/// argument must be a number.
fn number_at_least(text: &[u8], least: u64) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().filter(|n| *n >= least && *n <= i64::MAX as u64)
}

pub(super) fn print_save(points: &[SavePoint]) -> String {
    let words: Vec<String> = points.iter().map(|p| format!("{} {}", p.seconds, p.changes)).collect();
    words.join(" ")
}

/// Reads groups of class, hard, soft, seconds over the limits that are in force.
pub(super) fn parse_output_limits(args: &[Vec<u8>], current: &OutputLimits) -> Result<OutputLimits, String> {
    let mut limits = *current;
    if let [one] = args
        && one.is_empty()
    {
        return Ok(limits);
    }
    if !args.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".to_owned());
    }
    for group in args.chunks_exact(4) {
        let class =
            class_named(&group[0]).ok_or("Invalid client class specified in buffer limit configuration.")?;
        limits[class as usize] = parse_limit(&group[1..])
            .ok_or("Error in hard, soft or soft_seconds setting in buffer limit configuration.")?;
    }
    Ok(limits)
}

fn class_named(word: &[u8]) -> Option<OutputClass> {
    match word.to_ascii_lowercase().as_slice() {
        b"normal" => Some(OutputClass::Normal),
        b"slave" | b"replica" => Some(OutputClass::Replica),
        b"pubsub" => Some(OutputClass::PubSub),
        _ => None,
    }
}

fn parse_limit(args: &[Vec<u8>]) -> Option<OutputLimit> {
    let bytes = |text: &[u8]| number::parse_memory(text).and_then(|n| u64::try_from(n).ok());
    let soft_seconds = number_at_least(&args[2], 0)?;
    Some(OutputLimit { hard: bytes(&args[0])?, soft: bytes(&args[1])?, soft_seconds })
}

pub(super) fn print_output_limits(limits: &OutputLimits) -> String {
    let words: Vec<String> = limits
        .iter()
        .zip(CLASS_WORDS)
        .map(|(l, (word, _))| format!("{word} {} {} {}", l.hard, l.soft, l.soft_seconds))
        .collect();
    words.join(" ")
}

/// The words that follow the directive's name in a file, one line per class.
pub(super) fn output_limit_lines(limits: &OutputLimits) -> impl Iterator<Item = String> + '_ {
    limits.iter().zip(CLASS_WORDS).map(|(l, (_, word))| {
        let memory = |n: u64| number::memory_text(i128::from(n));
        format!("{word} {} {} {}", memory(l.hard), memory(l.soft), l.soft_seconds)
    })
}

/// `latency-tracking-info-percentiles`: numbers from 0 to 100.
pub(super) fn parse_percentiles(args: &[Vec<u8>]) -> Result<Vec<f64>, String> {
    if let [one] = args
        && one.is_empty()
    {
        return Ok(Vec::new());
    }
    args.iter()
        .map(|arg| {
            let n = std::str::from_utf8(arg).ok().and_then(|text| text.parse::<f64>().ok());
            let n =
                n.filter(|n| !n.is_nan()).ok_or("Invalid latency-tracking-info-percentiles parameters")?;
            if !(0.0..=100.0).contains(&n) {
                let range = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
                return Err(range.to_owned());
            }
            Ok(n)
        })
        .collect()
}

pub(super) fn print_percentiles(percentiles: &[f64]) -> String {
    let mut text = String::new();
    for p in percentiles {
        let gap = if text.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{gap}{p}");
    }
    text
}

/// `oom-score-adj-values`: primary, replica, child.
pub(super) fn parse_oom_values(args: &[Vec<u8>]) -> Result<[i32; 3], String> {
    if args.len() != 3 {
        return Err("wrong number of arguments".to_owned());
    }
    let mut values = [0; 3];
    for (value, arg) in values.iter_mut().zip(args) {
        *value = std::str::from_utf8(arg)
            .ok()
            .and_then(|text| text.parse().ok())
            .filter(|n| (-2000..=2000).contains(n))
            .ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")?;
    }
    Ok(values)
}
