//! The checks before a command runs, in Valkey's order (spec `errors.md` §2).

use super::{Core, Held, Named, Request, Row, Run};
use crate::pause::Paused;
use crate::session::{Queued, Session};
use commands::{Flag, Unknown, wrong_arity};
use resp::{Args, OwnedRequest, Reply};

/// A refusal without a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Somebody speaks HTTP: the connection is closed.
    Close,
    /// CLIENT PAUSE: the command waits.
    Pause,
}

/// The error line of a check that failed.
type Checked = Result<(), String>;

impl Core {
    /// Whether a request may run: its row if so; `None` if it was answered, with an error or with QUEUED.
    pub(crate) fn admit(
        &mut self,
        held: &Held<'_, '_>,
        session: &mut Session,
        named: &Named,
        request: &Request<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<&'static Row>, Refusal> {
        if let Named::Row(row) = named
            && row.spec.takes(request.args.len())
            && session.is_plain()
            && self.plain
            && !row.spec.is(Flag::Protected)
        {
            return Ok(Some(row));
        }
        self.admit_carefully(held, session, named, request, out)
    }

    #[cold]
    fn admit_carefully(
        &mut self,
        held: &Held<'_, '_>,
        session: &mut Session,
        named: &Named,
        request: &Request<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<&'static Row>, Refusal> {
        if let Named::Unknown(Unknown::Command) = named
            && speaks_http(request.args)
        {
            self.log_attack(session);
            return Err(Refusal::Close);
        }
        let row = match self.check(held, session, named, request) {
            Ok(row) => row,
            Err(error) => {
                self.refuse(session, named, &error, out);
                return Ok(None);
            }
        };
        if self.must_pause(session, row, request) || self.is_fenced(session, row, request) {
            return Err(Refusal::Pause);
        }
        if session.multi.is_some() && !runs_in_multi(row) {
            self.queue(session, row, request, out);
            return Ok(None);
        }
        Ok(Some(row))
    }

    fn check(
        &self,
        held: &Held<'_, '_>,
        session: &Session,
        named: &Named,
        request: &Request<'_>,
    ) -> Result<&'static Row, String> {
        let args = request.args;
        let authenticated = self.is_authenticated(session);
        let row = match named {
            Named::Row(row) => *row,
            Named::Unknown(_) if !authenticated => return Err(NOAUTH.into()),
            Named::Unknown(unknown) => return Err(unknown.text(args)),
        };
        let spec = row.spec;
        if !authenticated && !spec.is(Flag::NoAuth) {
            return Err(NOAUTH.into());
        }
        if !spec.takes(args.len()) || matches!(row.run, Run::Container) {
            return Err(wrong_arity(spec));
        }
        if session.only_listens() && !runs_while_listening(row) {
            return Err(format!(
                "Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this \
                 context",
                spec.name
            ));
        }
        self.check_protected(session, row)?;
        if session.multi.is_some() && spec.is(Flag::NoMulti) && !runs_in_multi(row) {
            // Redis 7.0's text.
            return Err("Command not allowed inside a transaction".into());
        }
        self.check_route(held, session, row, request)?;
        match self.busy {
            Some(busy) if !spec.is(Flag::AllowBusy) => Err(busy.text().into()),
            _ => Ok(row),
        }
    }

    /// DEBUG and MODULE must be enabled.
    fn check_protected(&self, session: &Session, row: &Row) -> Checked {
        if !row.spec.is(Flag::Protected) {
            return Ok(());
        }
        let (word, option, permission) = if row.spec.name.starts_with("module") {
            ("MODULE", "enable-module-command", self.config.access.module_command)
        } else {
            ("DEBUG", "enable-debug-command", self.config.access.debug_command)
        };
        if permission.allows(session.card.is_local) {
            return Ok(());
        }
        Err(format!(
            "{word} command not allowed. If the {option} option is set to \"local\", you can run it from a \
             local connection, otherwise you need to set this option in the configuration file, and then \
             restart the server."
        ))
    }

    pub(crate) fn refuse(&mut self, session: &mut Session, named: &Named, error: &str, out: &mut Vec<u8>) {
        let start = out.len();
        let mut is_exec = false;
        if let Named::Row(row) = named {
            self.command_counters(u32::from(row.id.0)).rejected.add(1);
            is_exec = matches!(row.run, Run::Exec);
        }
        let mut reply = Reply::new(out, session.proto);
        if is_exec && session.multi.is_some() {
            self.discard(session);
            let text = error.strip_prefix('-').map_or_else(|| format!("ERR {error}"), str::to_owned);
            reply.error(&format!("-EXECABORT Transaction discarded because of: {text}"));
        } else {
            if let Some(multi) = &mut session.multi {
                multi.broken = true;
            }
            reply.error(error);
        }
        self.count_error(&out[start..]);
        session.asking = false;
        session.reply_mode.silence(out, start);
    }

    fn must_pause(&mut self, session: &Session, row: &'static Row, request: &Request<'_>) -> bool {
        let paused = self.paused();
        if paused == Paused::Nothing {
            return false;
        }
        let writes = match (&session.multi, row.run) {
            (Some(multi), Run::Exec) => multi.queue.iter().any(|q| {
                let request = Request { args: q.request.as_args(), keys: &[], hashes: &[], bad_keys: false };
                self.writes(session, q.row, &request)
            }),
            (Some(_), _) if !runs_in_multi(row) => false,
            _ => self.writes(session, row, request),
        };
        (paused == Paused::All && !never_paused(row)) || writes
    }

    /// Whether a request may write. A script may, unless it says that it does not.
    fn writes(&mut self, session: &Session, row: &'static Row, request: &Request<'_>) -> bool {
        match row.run {
            Run::Script(prepare) => {
                let play = prepare(self, row, session, request);
                play.map_or(may_write(row), |play| !play.rules.read_only)
            }
            _ => may_write(row),
        }
    }

    /// Whether it writes to a slot that may have a new owner: it waits until that is known.
    fn is_fenced(&self, session: &Session, row: &Row, request: &Request<'_>) -> bool {
        let Some(fenced) = &self.view.fenced else { return false };
        match (&session.multi, row.run) {
            (Some(multi), Run::Exec) => {
                let writes = multi.queue.iter().any(|q| may_write(q.row));
                writes && self.queued_keys(session).iter().any(|key| fenced.contains(key.slot))
            }
            (Some(_), _) => false,
            _ => may_write(row) && request.hashes.iter().any(|hash| fenced.contains(hash.slot)),
        }
    }

    fn queue(&mut self, session: &mut Session, row: &'static Row, request: &Request<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(multi) = &mut session.multi
            && !multi.broken
        {
            let request = OwnedRequest::from_args(request.args);
            multi.bytes += request.memory();
            multi.queue.push(Queued { row, request });
        }
        Reply::new(out, session.proto).simple("QUEUED");
        session.reply_mode.silence(out, start);
    }

    fn log_attack(&self, session: &Session) {
        let text = format!(
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to \
             the server. This is likely due to an attacker attempting to use Cross Protocol Scripting to \
             compromise your instance. Connection from {} aborted.",
            session.card.addr
        );
        self.shared.log(crate::shared::Level::Warning, &text);
    }
}

const NOAUTH: &str = "-NOAUTH Authentication required.";

fn speaks_http(args: Args<'_>) -> bool {
    args[0].eq_ignore_ascii_case(b"post") || args[0].eq_ignore_ascii_case(b"host:")
}

/// Commands that act on the transaction itself, or end it.
fn runs_in_multi(row: &Row) -> bool {
    matches!(row.run, Run::Exec) || matches!(row.spec.name, "discard" | "multi" | "watch" | "quit" | "reset")
}

/// Commands that a client in RESP2 may send while it listens.
fn runs_while_listening(row: &Row) -> bool {
    let name = row.spec.name;
    matches!(name, "ping" | "quit" | "reset") || name.ends_with("subscribe")
}

fn may_write(row: &Row) -> bool {
    row.spec.is(Flag::Write) || row.spec.is(Flag::MayReplicate)
}

/// What an operator needs to end a pause or see it (CLIENT UNPAUSE among them) waits for nothing.
fn never_paused(row: &Row) -> bool {
    row.spec.name == "client|unpause"
}
