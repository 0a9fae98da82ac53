//! After a quiet time everybody who belongs to the cluster knows everybody, both links of each pair are up, all tables
//! say the same, and the state is ok exactly where it should be.

use crate::bus::outlook::{Entry, Outlook};
use crate::bus::raw::flag;
use base::{NodeId, SLOTS, Slot};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A node that runs and belongs to the cluster.
pub struct Member {
    /// Its host, for the texts.
    pub host: usize,
    /// Where it is.
    pub ip: IpAddr,
    /// What it wants clients to be told instead; empty if nothing.
    pub for_clients: String,
    /// What it shows.
    pub shown: Outlook,
}

/// Whether all members agree. The error says what is missing.
pub fn check(members: &[Member]) -> Result<(), String> {
    let by_id: BTreeMap<NodeId, &Member> = members.iter().map(|m| (m.shown.me, m)).collect();
    if by_id.len() != members.len() {
        return Err("two hosts have one name".to_owned());
    }
    for member in members {
        knows_all(member, &by_id)?;
    }
    let Some((first, rest)) = members.split_first() else { return Ok(()) };
    let table = owners(&first.shown);
    for member in rest {
        let other = owners(&member.shown);
        if let Some(slot) = Slot::all().find(|s| other[s.index()] != table[s.index()]) {
            return Err(format!("n{} and n{} disagree about slot {slot}", first.host, member.host));
        }
    }
    let covered = table.iter().all(Option::is_some);
    match members.iter().find(|m| m.shown.ok != covered) {
        Some(m) => Err(format!("n{} says ok:{}, and covered is {covered}", m.host, m.shown.ok)),
        None => epochs_differ(members),
    }
}

fn owners(shown: &Outlook) -> Vec<Option<NodeId>> {
    let mut table = vec![None; SLOTS];
    for (id, entry) in &shown.nodes {
        entry.slots.iter().for_each(|slot| table[slot.index()] = Some(*id));
    }
    table
}

fn knows_all(member: &Member, by_id: &BTreeMap<NodeId, &Member>) -> Result<(), String> {
    let host = member.host;
    for (id, entry) in &member.shown.nodes {
        let Some(there) = by_id.get(id) else {
            return Err(format!("n{host} knows {id}, who is nobody (flags {:#x})", entry.flags));
        };
        describes(host, entry, there)?;
    }
    match by_id.iter().find(|(id, _)| !member.shown.nodes.contains_key(id)) {
        Some((_, missing)) => Err(format!("n{host} does not know n{}", missing.host)),
        None => Ok(()),
    }
}

fn describes(host: usize, entry: &Entry, there: &Member) -> Result<(), String> {
    let (n, truth) = (there.host, there.shown.mine());
    let bad = flag::PFAIL | flag::FAIL | flag::HANDSHAKE | flag::NOADDR;
    if entry.has(bad) {
        return Err(format!("n{host} has n{n} with flags {:#x}", entry.flags));
    }
    if host != n && !entry.connected {
        return Err(format!("n{host} has no link to n{n}"));
    }
    if host != n && !entry.inbound {
        return Err(format!("n{host} has no link from n{n}"));
    }
    if host != n && entry.ip != there.ip.to_string() && entry.ip != there.for_clients {
        return Err(format!("n{host} believes n{n} at {}, and it is at {}", entry.ip, there.ip));
    }
    if entry.has(flag::REPLICA) != truth.has(flag::REPLICA) || entry.primary != truth.primary {
        return Err(format!("n{host} has the role of n{n} wrong"));
    }
    if !truth.has(flag::REPLICA) && entry.epoch != truth.epoch {
        return Err(format!("n{host} has epoch {} of n{n}, which is {}", entry.epoch, truth.epoch));
    }
    Ok(())
}

fn epochs_differ(members: &[Member]) -> Result<(), String> {
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    for member in members.iter().filter(|m| !m.shown.mine().has(flag::REPLICA)) {
        if let Some(other) = seen.insert(member.shown.mine().epoch, member.host) {
            return Err(format!("n{other} and n{} share an epoch", member.host));
        }
    }
    Ok(())
}

/// Tables for tests.
#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// Names.
    pub fn ids(count: usize) -> Vec<NodeId> {
        let mut rng = base::Rng::new(1);
        (0..count).map(|_| NodeId::random(&mut rng)).collect()
    }

    /// What the node at `me` shows when all is well; the slots are shared out evenly.
    pub fn outlook(ids: &[NodeId], me: usize) -> Outlook {
        let entry = |n: usize| Entry {
            flags: flag::PRIMARY,
            ip: format!("10.0.0.{n}"),
            port: 7000,
            bus_port: 17000,
            primary: None,
            epoch: n as u64,
            connected: true,
            inbound: true,
            slots: Slot::all().filter(|slot| slot.index() % ids.len() == n).collect(),
        };
        let nodes = ids.iter().enumerate().map(|(n, id)| (*id, entry(n))).collect();
        Outlook { me: ids[me], ok: true, current_epoch: 9, nodes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::SlotSet;

    fn members() -> Vec<Member> {
        let ids = samples::ids(3);
        let member = |host: usize| Member {
            host,
            ip: format!("10.0.0.{host}").parse().expect("an address"),
            for_clients: String::new(),
            shown: samples::outlook(&ids, host),
        };
        (0..3).map(member).collect()
    }

    /// Member 0 says something else of member 1.
    fn says(change: impl Fn(&mut Entry)) -> Result<(), String> {
        let mut all = members();
        let other = all[1].shown.me;
        change(all[0].shown.nodes.get_mut(&other).expect("it is there"));
        check(&all)
    }

    #[test]
    fn every_disagreement_is_seen() {
        assert_eq!(check(&members()), Ok(()));
        assert!(says(|n| n.flags |= flag::PFAIL).is_err());
        assert!(says(|n| n.connected = false).is_err());
        assert!(says(|n| n.inbound = false).is_err());
        assert!(says(|n| n.ip = "10.0.0.9".to_owned()).is_err());
        assert!(says(|n| n.epoch = 7).is_err());
        assert!(says(|n| n.slots = SlotSet::new()).is_err());
        let mut all = members();
        all[2].shown.ok = false;
        assert!(check(&all).is_err());
        let mut all = members();
        let gone = all[1].shown.me;
        all[0].shown.nodes.remove(&gone);
        assert!(check(&all).is_err());
        assert!(check(&all[..2]).is_err(), "somebody whom nobody is");
    }
}
