//! What is seen of a world: promises on the wire, events and packets as lines.

use super::*;

impl World {
    /// What a host promised on the wire must hold after any crash.
    pub(super) fn note_epochs(&mut self, host: usize, bytes: &[u8]) {
        let honest = matches!(self.hosts[host].seat, Seat::Machine(_)) && bytes.len() >= wire::HEADER_LEN;
        let Some(sender) = bytes.get(40..80).filter(|_| honest).and_then(NodeId::parse) else { return };
        let number = |at: usize| bytes[at..at + 8].try_into().map_or(0, u64::from_be_bytes);
        let (current, config, told) = (number(16), number(24), self.hosts[host].told.0);
        let spoken = self.spoken.entry(sender).or_default();
        let name = &self.hosts[host].name;
        assert!(current >= *spoken, "{name} spoke of epoch {spoken} and now of {current}");
        *spoken = current;
        // Of most packets that is all that matters.
        if current.max(config) <= told && u16::from_be_bytes([bytes[12], bytes[13]]) <= wire::kinds::MEET {
            return;
        }
        if let Ok(wire::Message::Full(packet)) = wire::decode(bytes) {
            let told = &mut self.hosts[host].told;
            told.0 = told.0.max(packet.header.current_epoch).max(packet.header.config_epoch);
            if matches!(packet.body, wire::Body::AuthAck) {
                told.1 = told.1.max(packet.header.current_epoch);
            }
        }
    }

    pub(super) fn show_event(&mut self, host: usize, event: Event) {
        if let Seat::Machine(machine) = &self.hosts[host].seat {
            let (name, id, shard) = (self.hosts[host].name.clone(), machine.my_id(), machine.my_shard_id());
            self.names.machine(&name, id, shard);
        }
        let text = match event {
            Event::Log { level, text } if level >= self.lowest_level => text,
            Event::SlotsLost { slots, to } => {
                let to = to.map_or("nobody".to_string(), |id: NodeId| id.to_string());
                format!("* lost slots {slots:?} to {to}")
            }
            Event::Published { channel, .. } => {
                format!("* published on {}", String::from_utf8_lossy(&channel))
            }
            Event::Met { result: Ok(id), .. } => format!("* met {id}"),
            Event::Met { result: Err(why), .. } => format!("* ERR {why}"),
            Event::Exit => {
                self.hosts[host].exited = true;
                "* exit".to_string()
            }
            _ => return,
        };
        self.say(&format!("{}      {text}", self.hosts[host].name));
    }

    /// One line of the trace, with the time and with names for ids.
    pub fn say(&mut self, text: &str) {
        let at = (self.now_us - 1_000_000) as f64 / 1e6;
        let named = self.names.replace(text);
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{at:9.3} {named}"));
        }
    }

    pub(super) fn show_packet(&mut self, conn: usize, side: Side, bytes: &[u8]) {
        if self.trace.is_none() || !self.show_packets {
            return;
        }
        let from = &self.hosts[self.conns[conn].host[side as usize]].name;
        let to = &self.hosts[self.conns[conn].host[side.other() as usize]].name;
        let arrow = if side == Side::Dialler { "->" } else { "=>" };
        let text = format!("{from} {arrow} {to} {}", print::packet(bytes));
        self.say(&text);
    }
}
