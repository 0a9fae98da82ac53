//! Whether strangers can reach the bus port.

use super::typed::Config;
use cluster::AllowEntry;
use std::net::IpAddr;

impl Config {
    /// Whether something keeps strangers from the bus: an address that only this machine reaches, or a list of those who
    /// may connect. Without a bus there is nothing to protect.
    pub fn bus_is_protected(&self) -> bool {
        let here = |host: &[u8]| {
            let text = String::from_utf8_lossy(host);
            text == "localhost" || text.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
        };
        !self.cluster.enabled
            || self.network.bind.iter().all(|address| here(&address.host))
            || !self.cluster.bus_allow.is_empty()
    }

    /// The host names in `cluster-bus-allow`, which must be resolved outside.
    pub fn bus_names(&self) -> Vec<String> {
        let list = self.cluster.bus_allow.iter();
        let names = list.filter_map(|entry| match entry {
            AllowEntry::Name(name) => Some(name.clone()),
            AllowEntry::Network { .. } => None,
        });
        names.collect()
    }

    /// Why the node must not run like this: `cluster-bus-port-protected-mode` is on, and the bus is open. The text names
    /// the ways out.
    pub fn bus_refusal(&self) -> Option<String> {
        if !self.cluster.bus_port_protected_mode || self.bus_is_protected() {
            return None;
        }
        Some(format!(
            "cluster-bus-port-protected-mode is on, and nothing keeps strangers from the cluster bus port {}: whoever \
             reaches it can join the cluster and speak for any node. Any one of these lines closes it:\n  \
             bind 127.0.0.1 -::1\n    (only this machine reaches the port)\n  \
             cluster-bus-allow 10.0.0.0/8\n    (only these networks, addresses and host names may connect: name those \
             of the nodes)\n  \
             tls-cluster yes\n    (nodes show certificates; TLS is not built yet in Handfast)\n  \
             cluster-secret \"a long random text\"\n    (packets are signed; not built yet in Handfast)\n\
             If a firewall or a private network keeps strangers out already, say so:\n  \
             cluster-bus-port-protected-mode no",
            self.bus_port()
        ))
    }

    /// What an operator of an open bus should read in the log.
    pub fn bus_warning(&self) -> Option<String> {
        if self.bus_is_protected() {
            return None;
        }
        Some(format!(
            "WARNING: nothing but the network keeps strangers from the cluster bus port {}. Whoever reaches it can join \
             the cluster. 'cluster-bus-allow' names who may connect; 'cluster-bus-port-protected-mode yes' keeps a node \
             with an open bus from starting.",
            self.bus_port()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Defaults, SetContext, Settings};

    fn refusal(pairs: &[&str]) -> Option<String> {
        let settings = Settings::new(&Defaults { cores: 1, dir: b"/".to_vec() });
        let context = SetContext { local: true, loading: false };
        let pairs: Vec<&[u8]> = pairs.iter().map(|p| p.as_bytes()).collect();
        let (settings, _) = settings.set(&pairs, context).expect("good values");
        let mut config = settings.snapshot();
        config.cluster.enabled = true;
        config.bus_refusal()
    }

    #[test]
    fn four_ways_out_are_named_and_two_of_them_lead_out() {
        let on = ["cluster-bus-port-protected-mode", "yes"];
        assert_eq!(refusal(&[]), None);
        let text = refusal(&on).expect("the default bind is open");
        for line in [
            "\n  bind 127.0.0.1",
            "\n  cluster-bus-allow ",
            "\n  tls-cluster yes",
            "\n  cluster-secret ",
            "16379",
        ] {
            assert!(text.contains(line), "{text}");
        }
        for way in [
            ["bind", "127.0.0.1 -::1"],
            ["bind", "localhost"],
            ["cluster-bus-allow", "10.0.0.0/8 db.example"],
        ] {
            assert_eq!(refusal(&[on, way].concat()), None, "{way:?}");
        }
        assert!(refusal(&[on, ["bind", "127.0.0.1 10.0.0.1"]].concat()).is_some());
    }
}
