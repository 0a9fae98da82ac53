//! What `check` and `info` print of a survey.

use std::fmt::Write;

use base::NodeId;

use crate::nodes::ranges;
use crate::survey::{Member, Survey};

/// Characters of an id that are shown: enough to tell nodes apart.
const ID_SHOWN: usize = 8;

/// One line per node: id, address, role, slots, software.
pub fn nodes(survey: &Survey) -> String {
    let mut rows = Vec::new();
    for member in in_order(survey) {
        let role = match member.node.replica_of {
            Some(primary) => format!("replica of {}", short(primary)),
            None => "primary".to_owned(),
        };
        rows.push([short(member.node.id), member.name(), role, slots(member), software(member)]);
    }
    columns(&rows)
}

/// One line per primary with keys, slots and replicas, and the sums.
pub fn keys(survey: &Survey) -> String {
    let mut rows = Vec::new();
    let (mut keys, mut known) = (0, 0);
    for member in in_order(survey).into_iter().filter(|member| member.node.replica_of.is_none()) {
        let replicas =
            survey.members.iter().filter(|other| other.node.replica_of == Some(member.node.id)).count();
        let own = match &member.answer {
            Ok(answer) => {
                keys += answer.keys;
                known += 1;
                format!("{} keys", answer.keys)
            }
            Err(_) => "? keys".to_owned(),
        };
        let slots = format!("{} slots", member.node.slots.len());
        rows.push([short(member.node.id), member.name(), own, slots, format!("{replicas} replicas")]);
    }
    let mut text = columns(&rows);
    let _ = writeln!(
        text,
        "{keys} keys in {known} primaries, {:.2} keys per slot on average",
        keys as f64 / 16384.0
    );
    text
}

/// Primaries by their first slot, each with its replicas after it.
fn in_order(survey: &Survey) -> Vec<&Member> {
    let first_slot = |id: NodeId| {
        let member = survey.members.iter().find(|member| member.node.id == id);
        member.and_then(|member| member.node.slots.iter().next()).map_or(u16::MAX, |slot| slot.get())
    };
    let mut members: Vec<&Member> = survey.members.iter().collect();
    members.sort_by_key(|member| {
        let primary = member.node.replica_of.unwrap_or(member.node.id);
        (first_slot(primary), primary, member.node.replica_of.is_some(), member.addr.clone())
    });
    members
}

fn slots(member: &Member) -> String {
    match member.node.slots.len() {
        0 => "no slots".to_owned(),
        count => format!("{count} slots: {}", ranges(&member.node.slots)),
    }
}

fn software(member: &Member) -> String {
    member.answer.as_ref().map_or_else(|_| "not asked".to_owned(), |answer| answer.software.clone())
}

fn short(id: NodeId) -> String {
    id.as_str()[..ID_SHOWN].to_owned()
}

/// Left-aligned, two blanks apart.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a", "bb", ""], ["ccc", "d", "e"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "a    bb\nccc  d   e\n");
    }
}
