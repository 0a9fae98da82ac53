//! Checks specs against the facts of the reference servers (`data/commands.json`).
//!
//! A row must agree with Valkey 9.1.2 or, field by field, with Redis 7.0.15. Arguments that came after
//! Redis 7.0 may be missing: nothing is claimed that is not built.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::spec::{Arg, Begin, Find, KeySpec, Spec};

/// Commands that only Handfast has.
const OWN_COMMANDS: [&str; 1] = ["cluster|log"];
/// Arguments that only Handfast has, behind all others: (command, argument).
const OWN_ARGUMENTS: [(&str, &str); 1] = [("cluster|meet", "timeout")];

const FACTS: &str = include_str!("../data/commands.json");

/// Everything in which the specs differ from the facts, one line each; empty when all is well.
pub fn differences<'s>(specs: impl IntoIterator<Item = &'s Spec>) -> Vec<String> {
    let facts: Value = serde_json::from_str(FACTS).expect("the facts are JSON");
    let facts: BTreeMap<&str, &Value> =
        facts.as_array().into_iter().flatten().map(|c| (str_of(&c["name"]), c)).collect();
    let mut wrong = Vec::new();
    for spec in specs {
        match facts.get(spec.name) {
            None if OWN_COMMANDS.contains(&spec.name) => {}
            None => wrong.push(format!("{}: no such command", spec.name)),
            Some(fact) => check(spec, fact, &mut wrong),
        }
    }
    wrong
}

fn check(spec: &Spec, fact: &Value, wrong: &mut Vec<String>) {
    let mut differ = |field: &str, ours: String, theirs: String| {
        wrong.push(format!("{}: {field} is {ours}, should be {theirs}", spec.name));
    };
    let mut same = |field: &str, ours: Value, key: &str| {
        let alternative = &fact["r70"][key];
        let fits = |theirs: &Value| normal(key, theirs) == ours;
        if !fits(&fact[key]) && (alternative.is_null() || !fits(alternative)) {
            differ(field, ours.to_string(), normal(key, &fact[key]).to_string());
        }
    };
    same("arity", spec.arity.into(), "arity");
    same("since", spec.since.into(), "since");
    same("group", spec.group.name().replace('-', "_").into(), "group");
    same("flags", set(spec.flags().names()), "flags");
    same("acl", set(spec.acl().names()), "acl");
    same("tips", spec.tips.to_vec().into(), "tips");
    same("key specs", spec.keys.iter().map(key_spec).collect::<Vec<_>>().into(), "key_specs");
    let (first, last, step) = spec.legacy_range();
    same("first, last, step", vec![first, last, step].into(), "keys");
    if fact["getkeys"] == true && spec.keys.iter().any(needs_function) && spec.getkeys.is_none() {
        differ("getkeys", "missing".into(), "a function".into());
    }
    let own = spec.args.iter().rev().take_while(|arg| OWN_ARGUMENTS.contains(&(spec.name, arg.name))).count();
    if let Err(why) = arguments(&spec.args[..spec.args.len() - own], &fact["args"]) {
        differ("args", why, fact["args"].to_string());
    }
    if spec.summary.is_empty() || spec.complexity.is_empty() {
        differ("docs", "empty".into(), "written".into());
    }
}

/// Specs alone find the wrong keys or the wrong flags.
fn needs_function(spec: &KeySpec) -> bool {
    let vague = spec.flags.names().any(|n| n == "variable_flags" || n == "incomplete");
    vague || matches!(spec.find, Find::Unknown)
}

/// Order of sets is free; absent lists are empty.
fn normal(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("tips" | "key_specs", Value::Null) => Value::Array(Vec::new()),
        ("flags" | "acl", Value::Array(names)) => set(names.iter().map(str_of)),
        ("key_specs", Value::Array(specs)) => {
            let mut specs = specs.clone();
            for spec in &mut specs {
                spec["flags"] = normal("flags", &spec["flags"]);
            }
            specs.into()
        }
        _ => value.clone(),
    }
}

fn set<'n>(names: impl Iterator<Item = &'n str>) -> Value {
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().collect::<Vec<_>>().into()
}

fn key_spec(spec: &KeySpec) -> Value {
    let begin = match spec.begin {
        Begin::Index(pos) => serde_json::json!({"index": {"pos": pos}}),
        Begin::Keyword(word, from) => serde_json::json!({"keyword": {"keyword": word, "startfrom": from}}),
        Begin::Unknown => serde_json::json!({"unknown": {}}),
    };
    let find = match spec.find {
        Find::Range { last, step, limit } => {
            serde_json::json!({"range": {"lastkey": last, "step": step, "limit": limit}})
        }
        Find::Keynum { num, first, step } => {
            serde_json::json!({"keynum": {"keynumidx": num, "firstkey": first, "step": step}})
        }
        Find::Unknown => serde_json::json!({"unknown": {}}),
    };
    serde_json::json!({"flags": set(spec.flags.names()), "begin": begin, "find": find})
}

fn arguments(ours: &[Arg], theirs: &Value) -> Result<(), String> {
    let mut ours = ours.iter().peekable();
    for theirs in theirs.as_array().into_iter().flatten() {
        let name = str_of(&theirs["name"]);
        match ours.next_if(|a| a.name == name) {
            Some(arg) => argument(arg, theirs)?,
            None if newer_than_7_0(&theirs["since"]) => {}
            None => return Err(format!("{} instead of {name}", ours.peek().map_or("nothing", |a| a.name))),
        }
    }
    ours.next().map_or(Ok(()), |a| Err(format!("{} too many", a.name)))
}

fn argument(ours: &Arg, theirs: &Value) -> Result<(), String> {
    let differs = |what: &str| Err(format!("another {what} of {}", ours.name));
    let text = |value: Option<&'static str>| value.map_or(Value::Null, Value::from);
    let yes = |value: &Value| value == true;
    if ours.kind.name() != str_of(&theirs["type"]) {
        return differs("type");
    }
    if text(ours.token) != theirs["token"] || text(ours.since) != theirs["since"] {
        return differs("token or version");
    }
    if text(ours.display) != theirs["display"] {
        return differs("display text");
    }
    if ours.key_spec.map_or(Value::Null, Value::from) != theirs["key_spec_index"] {
        return differs("key spec");
    }
    let flags = [ours.optional, ours.multiple, ours.multiple_token];
    if flags != [yes(&theirs["optional"]), yes(&theirs["multiple"]), yes(&theirs["multiple_token"])] {
        return differs("flag");
    }
    arguments(ours.inner, &theirs["arguments"])
}

fn newer_than_7_0(since: &Value) -> bool {
    let mut parts = str_of(since).split('.').map(|p| p.parse().unwrap_or(0));
    let version: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    version > (7, 0)
}

fn str_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_families_agree_with_the_facts() {
        let wrong = differences(crate::rows().map(|row| &row.spec));
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn a_wrong_row_is_told() {
        use crate::spec::{Flag, Group};
        let wrong = Spec::new("get", 3, Group::String, "1.0.0").with(&[Flag::Fast]).docs("x", "O(1)");
        let told = differences([&wrong]);
        assert!(told.iter().any(|t| t == "get: arity is 3, should be 2"), "{told:?}");
        assert!(told.iter().any(|t| t.contains("flags")) && told.iter().any(|t| t.contains("args")));
    }
}
