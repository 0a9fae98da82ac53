//! The machine: what its caller tells it, asks of it, and takes from it.
//!
//! After every call that takes the time, take what there is in this order: `poll_file`, `poll_link`, `poll_transmit`,
//! `poll_event`; then sleep until `poll_timeout`.

use crate::event::{DialError, Event, Level, LinkAction, LinkId, SaveId, Transmit};
use crate::meeting::MeetId;
use crate::operator::{self, Bumped, MeetTarget, Refused, SetSlot, SlotKeys};
use crate::publish::{self, TooLong};
use crate::recorder::Record;
use crate::refusal::Refusal;
use crate::report::{self, LinkReport};
use crate::saver::{FileOp, OpId};
use crate::settings::Settings;
use crate::start::{self, LoadedFiles, StartError};
use crate::view::{Audience, View};
use crate::{admission, core::Core, cron, dial, names, news, receive, save, stats::Stats};
use base::{Epoch, Mono, NodeId, Now, ReplOffset, Rng, ShardId, SlotSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// One node's part of the cluster.
pub struct Cluster {
    core: Core,
}

impl Cluster {
    /// Reads the files of an earlier life, or makes a new node. `rng` decides names and chances: same seed, same life.
    pub fn start(settings: Settings, files: LoadedFiles, now: Now, rng: Rng) -> Result<Cluster, StartError> {
        let mut cluster = Cluster { core: start::core(settings, files, now, rng)? };
        cluster.core.settle();
        Ok(cluster)
    }

    fn turn<T>(&mut self, now: Now, work: impl FnOnce(&mut Core) -> T) -> T {
        self.core.now = now;
        let result = work(&mut self.core);
        self.core.settle();
        result
    }

    /// A connection came in on the bus port. `local`: which of our addresses it reached.
    pub fn handle_accepted(&mut self, link: LinkId, peer: SocketAddr, local: IpAddr, now: Now) {
        assert!(!link.is_dialled(), "the caller names accepted links");
        self.turn(now, |core| admission::accept(core, link, peer, local));
    }

    /// Whether another connection should be accepted now. When not, it waits outside until the machine has looked at
    /// those that said nothing yet.
    pub fn accepts(&self) -> bool {
        admission::is_open(&self.core)
    }

    /// A dialled link is connected.
    pub fn handle_up(&mut self, link: LinkId, local: IpAddr, now: Now) {
        self.turn(now, |core| dial::up(core, link, local));
    }

    /// A link broke, or could not be connected. Links that the machine closed need no such word.
    pub fn handle_down(&mut self, link: LinkId, now: Now) {
        self.turn(now, |core| dial::down(core, link, None));
    }

    /// A link could not be connected, for this reason.
    pub fn handle_dial_failed(&mut self, link: LinkId, why: DialError, now: Now) {
        self.turn(now, |core| dial::down(core, link, Some(why)));
    }

    /// The addresses of a host that [`Event::Resolve`] named, or why there are none.
    pub fn handle_resolved(&mut self, name: &str, found: Result<&[IpAddr], &str>, now: Now) {
        self.turn(now, |core| names::resolved(core, name, found));
    }

    /// Bytes came, cut anywhere.
    pub fn handle_bytes(&mut self, link: LinkId, bytes: &[u8], now: Now) {
        self.turn(now, |core| receive::bytes(core, link, bytes));
    }

    /// A file step ended.
    pub fn handle_file(&mut self, op: OpId, result: Result<(), String>, now: Now) {
        self.turn(now, |core| save::stepped(core, op, result));
    }

    /// The time of `poll_timeout` has come. Early calls do no harm.
    pub fn handle_timeout(&mut self, now: Now) {
        self.turn(now, |core| {
            if core.view_due.is_some_and(|due| now.mono >= due) {
                core.view_changed();
            }
            news::flush(core);
            if now.mono >= core.next_tick {
                core.next_tick = now.mono + cron::TICK;
                cron::tick(core);
                #[cfg(debug_assertions)]
                core.check_invariants();
            }
        });
    }

    /// Bytes of `link` that the transport holds unsent: for the send buffer limit and CLUSTER LINKS.
    pub fn set_backlog(&mut self, link: LinkId, bytes: usize) {
        if let Some(link) = self.core.links.get_mut(link) {
            link.backlog = bytes;
        }
    }

    /// Lines below this severity are not even composed. At first, debug lines are not.
    pub fn set_log_level(&mut self, level: Level) {
        self.core.log_level = level;
    }

    /// The position of our replication stream, for headers.
    pub fn set_repl_offset(&mut self, offset: ReplOffset) {
        self.core.repl_offset = offset;
    }

    /// Settings changed at run time.
    pub fn update_settings(&mut self, settings: Settings, now: Now) {
        self.turn(now, |core| start::apply_settings(core, settings));
    }

    /// CLUSTER MEET. Arguments as they came; `who` is the client, for the log.
    pub fn meet(
        &mut self,
        ip: &[u8],
        port: &[u8],
        bus_port: Option<&[u8]>,
        who: &str,
        now: Now,
    ) -> Result<(), Refused> {
        self.turn(now, |core| operator::meet(core, ip, port, bus_port, who))
    }

    /// CLUSTER MEET of a host's `addresses`, tried in this order. With `patience` the client waits so long at most, and
    /// [`Event::Met`] ends its waiting.
    pub fn meet_at(
        &mut self,
        target: &MeetTarget,
        addresses: &[IpAddr],
        patience: Option<Duration>,
        who: &str,
        now: Now,
    ) -> Result<Option<MeetId>, Refused> {
        self.turn(now, |core| operator::meet_at(core, target, addresses, patience, who))
    }

    /// What was seen and decided, the newest first.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.core.recorder.newest_first()
    }

    /// A client's message for the subscribers of other nodes; `sharded`: of this node's shard only. How many nodes
    /// were told.
    pub fn publish(
        &mut self,
        sharded: bool,
        channel: &[u8],
        message: &[u8],
        now: Now,
    ) -> Result<usize, TooLong> {
        self.turn(now, |core| publish::publish(core, sharded, channel, message))
    }

    /// A module's message for one node, or for all. `id` in this machine's byte order. How many nodes were told.
    pub fn send_module(
        &mut self,
        to: Option<NodeId>,
        id: [u8; 8],
        kind: u8,
        payload: &[u8],
        now: Now,
    ) -> Result<usize, TooLong> {
        self.turn(now, |core| publish::module(core, to, id, kind, payload))
    }

    /// CLUSTER FORGET.
    pub fn forget(&mut self, id: &[u8], who: &str, now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::forget(core, id, who))
    }

    /// CLUSTER RESET. `keys`: how many this node holds.
    pub fn reset(&mut self, hard: bool, keys: u64, who: &str, now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::reset(core, hard, keys, who))
    }

    /// CLUSTER ADDSLOTS.
    pub fn add_slots(&mut self, slots: &[&[u8]], now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::add_slots(core, slots))
    }

    /// CLUSTER DELSLOTS.
    pub fn del_slots(&mut self, slots: &[&[u8]], now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::del_slots(core, slots))
    }

    /// CLUSTER ADDSLOTSRANGE: pairs, an odd count is the caller's arity error.
    pub fn add_slots_range(&mut self, bounds: &[&[u8]], now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::add_slots_range(core, bounds))
    }

    /// CLUSTER DELSLOTSRANGE: pairs, an odd count is the caller's arity error.
    pub fn del_slots_range(&mut self, bounds: &[&[u8]], now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::del_slots_range(core, bounds))
    }

    /// CLUSTER FLUSHSLOTS. `keys`: how many this node holds.
    pub fn flush_slots(&mut self, keys: u64, now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::flush_slots(core, keys))
    }

    /// CLUSTER SETSLOT.
    pub fn set_slot(
        &mut self,
        slot: &[u8],
        action: SetSlot<'_>,
        keys: SlotKeys,
        now: Now,
    ) -> Result<(), Refused> {
        self.turn(now, |core| operator::set_slot(core, slot, action, keys))
    }

    /// DEBUG DROP-CLUSTER-PACKET-FILTER: drops packets of a type; -1 none, -2 all.
    pub fn set_packet_filter(&mut self, kind: i32) {
        self.core.debug.set_filter(kind);
    }

    /// DEBUG CLOSE-CLUSTER-LINK-ON-PACKET-DROP.
    pub fn set_close_on_drop(&mut self, on: bool) {
        self.core.debug.close_on_drop = on;
    }

    /// DEBUG DISABLE-CLUSTER-RANDOM-PING.
    pub fn disable_random_ping(&mut self, on: bool) {
        self.core.debug.no_random_ping = on;
    }

    /// DEBUG DISABLE-CLUSTER-RECONNECTION.
    pub fn disable_reconnection(&mut self, on: bool) {
        self.core.debug.no_reconnection = on;
    }

    /// DEBUG CLUSTERLINK KILL direction id.
    pub fn kill_links(&mut self, direction: &[u8], id: &[u8], now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::kill_links(core, direction, id))
    }

    /// CLUSTER SET-CONFIG-EPOCH.
    pub fn set_config_epoch(&mut self, epoch: &[u8], now: Now) -> Result<(), Refused> {
        self.turn(now, |core| operator::set_config_epoch(core, epoch))
    }

    /// CLUSTER BUMPEPOCH.
    pub fn bump_epoch(&mut self, now: Now) -> Bumped {
        self.turn(now, operator::bump_epoch)
    }

    /// CLUSTER SAVECONFIG: [`Event::Saved`] tells when the named save, or a later one, is done.
    pub fn save_config(&mut self, now: Now) -> SaveId {
        self.turn(now, |core| core.want_save())
    }

    /// After loading: slots that hold keys. The unowned become mine, those of others are returned.
    pub fn adopt_slots(&mut self, with_keys: &SlotSet, now: Now) -> SlotSet {
        self.turn(now, |core| operator::adopt(core, with_keys))
    }

    /// CLUSTER COUNT-FAILURE-REPORTS.
    pub fn count_failure_reports(&mut self, id: &[u8], now: Now) -> Result<usize, Refused> {
        self.turn(now, |core| operator::count_failure_reports(core, id))
    }

    /// CLUSTER REPLICAS: lines without their ends.
    pub fn replicas(&self, id: &[u8], audience: Audience) -> Result<Vec<String>, Refused> {
        operator::replicas(&self.core, id, audience)
    }

    /// How much was refused for a reason, since the start.
    pub fn refused(&self, why: Refusal) -> u64 {
        self.core.refusals.count(why)
    }

    /// CONFIG RESETSTAT.
    pub fn reset_stats(&mut self) {
        self.core.stats = Stats::default();
    }

    /// The next file step. The one handed out must be answered before the next comes.
    pub fn poll_file(&mut self) -> Option<FileOp> {
        self.core.saver.poll()
    }

    /// The next link to open or close.
    pub fn poll_link(&mut self) -> Option<LinkAction> {
        self.core.outbox.take_action()
    }

    /// The next packet to send. Those that depend on a save come when it is done.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        let transmit = self.core.outbox.take_transmit()?;
        // Counted here: what waits for a save may never leave.
        self.core.stats.sent(&transmit.bytes);
        Some(transmit)
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.core.outbox.take_event()
    }

    /// When `handle_timeout` wants to be called.
    pub fn poll_timeout(&self) -> Option<Mono> {
        let core = &self.core;
        [core.view_due, core.news.due()].into_iter().flatten().chain([core.next_tick]).min()
    }

    /// The newest save that something waits for; `None` if all is on disk. Replies that promise may wait for it.
    pub fn unsaved(&self) -> Option<SaveId> {
        self.core.saver.outstanding()
    }

    /// What workers read.
    pub fn view(&self) -> View {
        report::view::build(&self.core)
    }

    /// CLUSTER INFO.
    pub fn info_text(&self) -> String {
        report::info::text(&self.core)
    }

    /// CLUSTER NODES for this client.
    pub fn nodes_text(&self, audience: Audience) -> String {
        report::nodes::saved(&self.core).client_text(audience)
    }

    /// CLUSTER LINKS.
    pub fn links(&self) -> Vec<LinkReport> {
        report::links::report(&self.core)
    }

    /// CLUSTER MYID.
    pub fn my_id(&self) -> NodeId {
        self.core.nodes.me().id
    }

    /// CLUSTER MYSHARDID.
    pub fn my_shard_id(&self) -> ShardId {
        self.core.nodes.me().shard
    }

    /// Known nodes, this one and those in handshake included.
    pub fn known_nodes(&self) -> usize {
        self.core.nodes.len()
    }

    /// The cluster's epoch, mine, and the last I voted in.
    pub fn epochs(&self) -> (Epoch, Epoch, Epoch) {
        (self.core.epochs.current, self.core.nodes.me().config_epoch, self.core.epochs.last_vote)
    }

    /// Whether the parts agree; for tests, after any call.
    ///
    /// # Panics
    /// If they do not.
    #[cfg(debug_assertions)]
    pub fn check_invariants(&self) {
        self.core.check_invariants();
    }
}
