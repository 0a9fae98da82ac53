//! Judging what a survey brought: is this cluster whole?

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::nodes::ranges;
use crate::survey::{Answer, Member, Survey};

/// Everything that is not as it should be, one line each; none if the cluster is whole.
pub fn problems(survey: &Survey) -> Vec<String> {
    let mut problems = Vec::new();
    for member in &survey.members {
        match &member.answer {
            Err(why) => problems.push(format!("{} was not asked: {why}", named(member))),
            Ok(answer) => of_one(survey, member, answer, &mut problems),
        }
    }
    problems.extend(disagreement(survey));
    let uncovered = survey.first_view().map(|view| view.uncovered()).unwrap_or_default();
    if !uncovered.is_empty() {
        problems.push(format!("{} of 16384 slots have no owner: {}", uncovered.len(), ranges(&uncovered)));
    }
    problems
}

/// What one node sees that it should not.
fn of_one(survey: &Survey, member: &Member, answer: &Answer, problems: &mut Vec<String>) {
    let name = member.name();
    if !answer.serves {
        problems.push(format!("{name} does not serve: cluster_state is fail"));
    }
    for node in &answer.view.nodes {
        let other = survey.name(node.id);
        for (flag, what) in [
            ("fail", "takes {} for failed"),
            ("fail?", "cannot reach {}"),
            ("handshake", "is still in handshake with {}"),
        ] {
            if node.is(flag) {
                problems.push(format!("{name} {}", what.replace("{}", &other)));
            }
        }
        if !node.connected && !node.is_myself() && !node.is("fail") && !node.is("handshake") {
            problems.push(format!("{name} has no link to {other}"));
        }
        for open in &node.open {
            let way = if open.migrating { "to" } else { "from" };
            let other =
                base::NodeId::parse(open.other.as_bytes()).map_or(open.other.clone(), |id| survey.name(id));
            problems.push(format!("slot {} of {name} is open: moving {way} {other}", open.slot));
        }
    }
}

fn named(member: &Member) -> String {
    match &member.addr {
        Some(addr) => format!("{addr} ({})", member.node.id),
        None => member.node.id.to_string(),
    }
}

/// Groups of nodes that see different owners.
fn disagreement(survey: &Survey) -> Option<String> {
    let mut groups: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for member in &survey.members {
        if let Ok(answer) = &member.answer {
            groups.entry(answer.view.signature()).or_default().push(member.name());
        }
    }
    if groups.len() < 2 {
        return None;
    }
    let mut text = format!("nodes do not agree about who serves what; {} opinions:", groups.len());
    for names in groups.values() {
        let _ = write!(text, " [{}]", names.join(", "));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::ClusterView;

    const A: &str = "07c37dfeb235213a872192d90877d0cd55635b91";
    const B: &str = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1";

    /// Two nodes, each with its own text of both lines' flags and tails.
    fn survey(texts: [[&str; 2]; 2]) -> Survey {
        let members = texts.iter().enumerate().map(|(index, [a, b])| {
            let text = format!("{A} h:1@10001 {a}\n{B} h:2@10002 {b}\n");
            let view = ClusterView::parse(&text).unwrap();
            let node = view.myself().unwrap().clone();
            assert_eq!(node.id.to_string(), [A, B][index]);
            let answer = Answer { view, serves: true, keys: 0, software: String::new() };
            Member { addr: node.addr(), node, answer: Ok(answer) }
        });
        Survey { members: members.collect() }
    }

    const LOW: &str = "- 0 0 1 connected 0-8191";
    const HIGH: &str = "- 0 0 2 connected 8192-16383";

    fn check(texts: [[&str; 2]; 2], expect: &[&str]) {
        assert_eq!(problems(&survey(texts)), expect);
    }

    #[test]
    fn a_whole_cluster_has_no_problems() {
        let (a, b) = (format!("myself,master {LOW}"), format!("myself,master {HIGH}"));
        let (low, high) = (format!("master {LOW}"), format!("master {HIGH}"));
        check([[&a, &high], [&low, &b]], &[]);
    }

    #[test]
    fn what_each_node_sees_is_told() {
        let a = format!("myself,master {LOW} [7->-{B}]");
        let failing = "master,fail? - 0 0 2 disconnected 8192-16383";
        let (low, b) = (format!("master {LOW}"), format!("myself,master {HIGH} [7-<-{A}]"));
        check(
            [[&a, failing], [&low, &b]],
            &[
                "slot 7 of h:1 is open: moving to h:2",
                "h:1 cannot reach h:2",
                "h:1 has no link to h:2",
                "slot 7 of h:2 is open: moving from h:1",
            ],
        );
    }

    #[test]
    fn different_owners_and_gaps_are_told() {
        let (a, b) = (format!("myself,master {LOW}"), "myself,master - 0 0 2 connected 8192-16383");
        let low = format!("master {LOW}");
        check(
            [[&a, "master - 0 0 2 connected 8192-16000"], [&low, b]],
            &[
                "nodes do not agree about who serves what; 2 opinions: [h:1] [h:2]",
                "383 of 16384 slots have no owner: 16001-16383",
            ],
        );
    }

    #[test]
    fn a_node_that_was_not_asked_is_a_problem() {
        let mut survey = survey([
            [&format!("myself,master {LOW}"), &format!("master {HIGH}")],
            [&format!("master {LOW}"), &format!("myself,master {HIGH}")],
        ]);
        survey.members[1].answer = Err("cannot connect".into());
        assert_eq!(problems(&survey), [format!("h:2 ({B}) was not asked: cannot connect")]);
    }
}
