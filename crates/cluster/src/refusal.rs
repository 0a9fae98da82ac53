//! What is not taken from the bus, by reason: counted, and told to the log without letting a flood fill it.

use crate::core::Core;
use crate::event::Level;
use crate::recorder::What;
use base::Mono;
use std::time::Duration;

/// Lines that one reason writes into the log in a second, at most.
const LINES_PER_SECOND_MAX: u32 = 10;

/// Why a connection was closed, a packet dropped, or a claim doubted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Refusal {
    /// Its address is not in `cluster-bus-allow`.
    NotAllowed,
    /// It sent no valid packet in its first seconds.
    Mute,
    /// Nobody knows it, and it said nothing for long, or others needed its place.
    IdleStranger,
    /// The bytes are no packet, or one longer than we take.
    BadFrame,
    /// The packet contradicts itself.
    Invalid,
    /// Its sender is not the one that the link belongs to.
    ChangedName,
    /// A second link speaks in the name of a node whose first one is alive.
    SecondLink,
    /// A link began with something else than PING or MEET.
    FirstWord,
    /// An epoch too far ahead.
    EpochJump,
    /// A claim that the node itself did not confirm.
    Unconfirmed,
    /// A claim that waits for nothing any more: the node could not be asked in time.
    Unanswered,
    /// FAIL about a node that answers us.
    LoneFail,
    /// More UPDATEs than anybody has reason to send.
    TooManyUpdates,
    /// A vote that nobody asked for.
    UnaskedVote,
    /// MFSTART of a node that does not replicate from us.
    UnaskedPause,
    /// An address that only the node itself could vouch for.
    Address,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Refusal; 16] = [
        Refusal::NotAllowed,
        Refusal::Mute,
        Refusal::IdleStranger,
        Refusal::BadFrame,
        Refusal::Invalid,
        Refusal::ChangedName,
        Refusal::SecondLink,
        Refusal::FirstWord,
        Refusal::EpochJump,
        Refusal::Unconfirmed,
        Refusal::Unanswered,
        Refusal::LoneFail,
        Refusal::TooManyUpdates,
        Refusal::UnaskedVote,
        Refusal::UnaskedPause,
        Refusal::Address,
    ];

    /// Packets that are bad in themselves have records with more to say.
    fn is_recorded_here(self) -> bool {
        !matches!(self, Refusal::BadFrame | Refusal::Invalid | Refusal::ChangedName)
    }

    /// A word for counters and records.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::NotAllowed => "not-allowed",
            Refusal::Mute => "mute",
            Refusal::IdleStranger => "idle-stranger",
            Refusal::BadFrame => "bad-frame",
            Refusal::Invalid => "invalid",
            Refusal::ChangedName => "changed-name",
            Refusal::SecondLink => "second-link",
            Refusal::FirstWord => "first-word",
            Refusal::EpochJump => "epoch-jump",
            Refusal::Unconfirmed => "unconfirmed",
            Refusal::Unanswered => "unanswered",
            Refusal::LoneFail => "lone-fail",
            Refusal::TooManyUpdates => "too-many-updates",
            Refusal::UnaskedVote => "unasked-vote",
            Refusal::UnaskedPause => "unasked-pause",
            Refusal::Address => "address",
        }
    }
}

/// Counts by reason since the start, and what the log got of them in the present second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals {
    counts: [u64; Refusal::ALL.len()],
    lines: [Lines; Refusal::ALL.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    since: Mono,
    written: u32,
    held_back: u64,
}

impl Refusals {
    pub fn count(&self, why: Refusal) -> u64 {
        self.counts[why as usize]
    }

    /// Counts one. Whether a line may be written, and how many of before were not.
    fn note(&mut self, why: Refusal, now: Mono) -> Option<u64> {
        self.counts[why as usize] += 1;
        let lines = &mut self.lines[why as usize];
        if now.since(lines.since) >= Duration::from_secs(1) {
            (lines.since, lines.written) = (now, 0);
        }
        if lines.written == LINES_PER_SECOND_MAX {
            lines.held_back += 1;
            return None;
        }
        lines.written += 1;
        Some(std::mem::take(&mut lines.held_back))
    }
}

impl Core {
    /// Something is refused: counts it, and logs it unless there is too much of it. The text is made only then.
    pub fn refuse(&mut self, why: Refusal, level: Level, text: impl FnOnce(&Core) -> String) {
        let Some(held_back) = self.refusals.note(why, self.now.mono) else { return };
        let recorded = why.is_recorded_here();
        if recorded || self.wants(level) {
            let mut text = text(self);
            if recorded {
                let fields = [("reason", why.name().into()), ("text", text.as_str().into())];
                self.record(What::Refused, None, fields);
            }
            if held_back > 0 {
                text += &format!(" ({held_back} lines like this one were held back)");
            }
            if self.wants(level) {
                self.log(level, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_not_written() {
        let mut refusals = Refusals::default();
        let at = |s: u64| Mono(s * 1_000_000);
        let written = (0..1000).filter(|_| refusals.note(Refusal::Mute, at(5)).is_some()).count();
        assert_eq!((written, refusals.count(Refusal::Mute)), (10, 1000));
        assert_eq!(refusals.note(Refusal::Invalid, at(5)), Some(0));
        assert_eq!(refusals.note(Refusal::Mute, at(6)), Some(990));
        assert_eq!(refusals.note(Refusal::Mute, at(6)), Some(0));
    }

    #[test]
    fn every_reason_has_its_place_and_its_word() {
        let words: std::collections::BTreeSet<_> = Refusal::ALL.iter().map(|r| r.name()).collect();
        assert_eq!(words.len(), Refusal::ALL.len());
        assert!(Refusal::ALL.iter().enumerate().all(|(i, r)| i == *r as usize));
    }
}
