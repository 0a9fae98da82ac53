//! What the cluster machine knows, told.

use super::{DISABLED, audience, enabled, enabled_control};
use crate::dispatch::{Call, ControlCall, Flow};

pub fn info(call: &mut ControlCall<'_, '_>) -> Flow {
    match &call.state.cluster {
        Some(cluster) => call.out.verbatim("txt", cluster.info_text().as_bytes()),
        None => call.out.error(DISABLED),
    }
    Flow::Next
}

pub fn nodes(call: &mut ControlCall<'_, '_>) -> Flow {
    match &call.state.cluster {
        Some(cluster) => call.out.verbatim("txt", cluster.nodes_text(audience(call.session)).as_bytes()),
        None => call.out.error(DISABLED),
    }
    Flow::Next
}

pub fn replicas(call: &mut ControlCall<'_, '_>) -> Flow {
    let Some(cluster) = &call.state.cluster else {
        call.out.error(DISABLED);
        return Flow::Next;
    };
    match cluster.replicas(&call.args[2], audience(call.session)) {
        Ok(lines) => {
            call.out.array(lines.len());
            for line in lines {
                call.out.bulk(line.as_bytes());
            }
        }
        Err(refused) => call.out.error(&refused.to_string()),
    }
    Flow::Next
}

pub fn count_failure_reports(call: &mut ControlCall<'_, '_>) -> Flow {
    let (args, now) = (call.args, call.core.now);
    match call.state.cluster.as_mut().map(|cluster| cluster.count_failure_reports(&args[2], now)) {
        Some(Ok(count)) => call.out.int(count as i64),
        Some(Err(refused)) => call.out.error(&refused.to_string()),
        None => call.out.error(DISABLED),
    }
    Flow::Next
}

pub fn links(call: &mut ControlCall<'_, '_>) -> Flow {
    if !enabled_control(call) {
        return Flow::Next;
    }
    let links = call.state.cluster.as_ref().map(cluster::Cluster::links).unwrap_or_default();
    let out = &mut *call.out;
    out.array(links.len());
    for link in links {
        out.map(6);
        out.bulk(b"direction");
        out.bulk(if link.to { &b"to"[..] } else { b"from" });
        out.bulk(b"node");
        out.bulk(link.node.as_bytes());
        out.bulk(b"create-time");
        out.int(link.create_time_ms as i64);
        out.bulk(b"events");
        out.bulk(link.events.as_bytes());
        out.bulk(b"send-buffer-allocated");
        out.int(link.send_buffer as i64);
        out.bulk(b"send-buffer-used");
        out.int(link.send_buffer as i64);
    }
    Flow::Next
}

pub fn myid(call: &mut Call<'_, '_>) -> Flow {
    if enabled(call) {
        let id = call.core.view.me().id;
        call.out.bulk(id.as_bytes());
    }
    Flow::Next
}

pub fn myshardid(call: &mut Call<'_, '_>) -> Flow {
    if enabled(call) {
        let shard = call.core.view.me().shard;
        call.out.bulk(shard.as_bytes());
    }
    Flow::Next
}
