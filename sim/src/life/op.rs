//! What clients ask for, and what they must be answered.

use resp::client::Value;
use std::collections::BTreeMap;

/// Keys that one connection alone writes, as they are on its node.
pub type Keys = BTreeMap<String, Vec<u8>>;

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// A string that nobody else has.
    Set(String, String),
    /// Reads a key.
    Get(String),
    /// Counts.
    Incr(String),
    /// Grows.
    Append(String, String),
    /// Removes a key.
    Del(String),
    /// Reads two keys at once.
    MGet(String, String),
    /// Says something that comes back: it shows that answers come in order.
    Echo(String),
    /// Begins a transaction.
    Multi,
    /// Ends it: the requests since.
    Exec(Vec<Op>),
    /// Something whose answer is no error, whatever it is.
    Any(Vec<String>),
}

impl Op {
    /// Its words.
    pub fn words(&self) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        match self {
            Op::Set(key, value) => words(&["SET", key, value]),
            Op::Get(key) => words(&["GET", key]),
            Op::Incr(key) => words(&["INCR", key]),
            Op::Append(key, value) => words(&["APPEND", key, value]),
            Op::Del(key) => words(&["DEL", key]),
            Op::MGet(a, b) => words(&["MGET", a, b]),
            Op::Echo(text) => words(&["ECHO", text]),
            Op::Multi => words(&["MULTI"]),
            Op::Exec(_) => words(&["EXEC"]),
            Op::Any(all) => all.clone(),
        }
    }

    /// Applies it to the keys; the answer that is right.
    fn apply(&self, keys: &mut Keys) -> Option<Value> {
        let bulk = |bytes: Option<&Vec<u8>>| bytes.map_or(Value::Null, |b| Value::Bulk(b.clone()));
        Some(match self {
            Op::Set(key, value) => {
                keys.insert(key.clone(), value.clone().into_bytes());
                Value::Simple(b"OK".to_vec())
            }
            Op::Get(key) => bulk(keys.get(key)),
            Op::MGet(a, b) => Value::Array(vec![bulk(keys.get(a)), bulk(keys.get(b))]),
            Op::Incr(key) => {
                let before =
                    keys.get(key).map_or(Some(0), |text| std::str::from_utf8(text).ok()?.parse().ok());
                let after: i64 = before? + 1;
                keys.insert(key.clone(), after.to_string().into_bytes());
                Value::Int(after)
            }
            Op::Append(key, value) => {
                let text = keys.entry(key.clone()).or_default();
                text.extend_from_slice(value.as_bytes());
                Value::Int(text.len() as i64)
            }
            Op::Del(key) => Value::Int(i64::from(keys.remove(key).is_some())),
            Op::Echo(text) => Value::Bulk(text.clone().into_bytes()),
            Op::Multi | Op::Exec(_) | Op::Any(_) => return None,
        })
    }

    /// Judges an answer, and applies the request if the answer says that it was done.
    pub fn judge(&self, answer: &Value, keys: &mut Keys) -> Result<(), String> {
        if let Some(error) = answer.error() {
            return self.judge_error(&error);
        }
        match self {
            Op::Any(_) => Ok(()),
            Op::Multi => expect(&Value::Simple(b"OK".to_vec()), answer),
            Op::Exec(queued) => {
                let Value::Array(answers) = answer else { return Err(format!("EXEC answered {answer:?}")) };
                if answers.len() != queued.len() {
                    return Err(format!("EXEC of {} answered {} times", queued.len(), answers.len()));
                }
                queued.iter().zip(answers).try_for_each(|(op, answer)| op.judge_value(answer, keys))
            }
            _ => self.judge_value(answer, keys),
        }
    }

    fn judge_value(&self, answer: &Value, keys: &mut Keys) -> Result<(), String> {
        match self.apply(keys) {
            Some(right) => expect(&right, answer),
            None => Ok(()),
        }
    }

    /// A node may say that it is not the one to ask. That is no answer to a request without keys.
    fn judge_error(&self, error: &str) -> Result<(), String> {
        let sent_on = ["MOVED ", "ASK ", "CLUSTERDOWN ", "TRYAGAIN ", "EXECABORT "]
            .iter()
            .any(|w| error.starts_with(w));
        match self {
            Op::Multi | Op::Echo(_) => Err(format!("{self:?} answered {error}")),
            _ if sent_on => Ok(()),
            _ => Err(format!("{self:?} answered {error}")),
        }
    }
}

/// Judges what is answered to a request that a transaction queues.
pub fn judge_queued(answer: &Value) -> Result<(), String> {
    match answer.error() {
        Some(error) if ["MOVED ", "CLUSTERDOWN "].iter().any(|w| error.starts_with(w)) => Ok(()),
        Some(error) => Err(format!("queueing answered {error}")),
        None => expect(&Value::Simple(b"QUEUED".to_vec()), answer),
    }
}

fn expect(right: &Value, answer: &Value) -> Result<(), String> {
    if right == answer { Ok(()) } else { Err(format!("answered {answer:?} and not {right:?}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged() {
        let mut keys = Keys::new();
        let key = || "k".to_owned();
        let bulk = |text: &str| Value::Bulk(text.into());
        assert!(Op::Set(key(), "v".into()).judge(&Value::Simple(b"OK".to_vec()), &mut keys).is_ok());
        assert!(Op::Get(key()).judge(&bulk("v"), &mut keys).is_ok());
        assert!(Op::Get(key()).judge(&bulk("w"), &mut keys).is_err());
        assert!(Op::Del(key()).judge(&Value::Error(b"MOVED 1 a:1".to_vec()), &mut keys).is_ok());
        assert!(Op::Get(key()).judge(&bulk("v"), &mut keys).is_ok());
        assert!(Op::Echo("x".into()).judge(&Value::Error(b"MOVED 1 a:1".to_vec()), &mut keys).is_err());
        let exec = Op::Exec(vec![Op::Incr("n".into()), Op::Incr("n".into())]);
        assert!(exec.judge(&Value::Array(vec![Value::Int(1), Value::Int(2)]), &mut keys).is_ok());
        assert!(exec.judge(&Value::Null, &mut keys).is_err());
    }
}
