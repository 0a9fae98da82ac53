//! Asking every node of a cluster, starting from one.

use base::NodeId;

use crate::address::NodeAddr;
use crate::connection::{Connection, Login};
use crate::create::{field, view};
use crate::error::Error;
use crate::nodes::{ClusterNode, ClusterView};

/// What all nodes said.
pub struct Survey {
    /// The node that was asked first comes first.
    pub members: Vec<Member>,
}

/// One node.
pub struct Member {
    /// Where it was asked, or would have been.
    pub addr: Option<NodeAddr>,
    /// As the first node sees it.
    pub node: ClusterNode,
    /// What it said itself, or why it could not.
    pub answer: Result<Answer, String>,
}

/// What a node says about itself.
pub struct Answer {
    /// The cluster as it sees it.
    pub view: ClusterView,
    /// `cluster_state:ok`.
    pub serves: bool,
    /// Of database 0.
    pub keys: u64,
    /// Which server it is, such as `valkey 9.1.2`.
    pub software: String,
}

impl Survey {
    /// Asks the node at `first`, and then all that it names.
    pub fn take(first: &NodeAddr, login: &Login) -> Result<Survey, Error> {
        let mut connection = Connection::open(first, login)?;
        let answer = ask(&mut connection)?;
        let nodes = answer.view.nodes.clone();
        let mut mine = Some(answer);
        let mut members: Vec<Member> = Vec::with_capacity(nodes.len());
        for node in nodes {
            match mine.take_if(|_| node.is_myself()) {
                Some(answer) => {
                    members.insert(0, Member { addr: Some(first.clone()), node, answer: Ok(answer) })
                }
                None => members.push(visit(node, login)),
            }
        }
        Ok(Survey { members })
    }

    /// The cluster as the first node sees it.
    pub fn first_view(&self) -> Option<&ClusterView> {
        self.members.first()?.answer.as_ref().ok().map(|answer| &answer.view)
    }

    /// What can be printed for a node's id: its address if there is one.
    pub fn name(&self, id: NodeId) -> String {
        let member = self.members.iter().find(|member| member.node.id == id);
        member.map_or_else(|| id.to_string(), Member::name)
    }
}

impl Member {
    /// The address, or the id of a node without one.
    pub fn name(&self) -> String {
        self.addr.as_ref().map_or_else(|| self.node.id.to_string(), NodeAddr::to_string)
    }
}

fn visit(node: ClusterNode, login: &Login) -> Member {
    let addr = node.addr();
    let answer = match &addr {
        None => Err("its address is not known".to_owned()),
        Some(addr) => Connection::open(addr, login)
            .and_then(|mut connection| ask(&mut connection))
            .map_err(|e| e.to_string()),
    };
    let answer = answer.and_then(|answer| match answer.view.myself() {
        Some(me) if me.id == node.id => Ok(answer),
        _ => Err("another node answers at its address".to_owned()),
    });
    Member { addr, node, answer }
}

fn ask(node: &mut Connection) -> Result<Answer, Error> {
    let info = node.text(&["INFO"])?;
    if field(&info, "cluster_enabled") != Some("1") {
        return Err(Error::State(format!("{} is not a cluster node", node.addr())));
    }
    let state = node.text(&["CLUSTER", "INFO"])?;
    Ok(Answer {
        view: view(node)?,
        serves: field(&state, "cluster_state") == Some("ok"),
        keys: node.int(&["DBSIZE"])?.max(0) as u64,
        software: software(&info),
    })
}

/// From the Server section of INFO: compatible servers report a Redis version beside their own.
pub(crate) fn software(info: &str) -> String {
    for name in ["handfast", "valkey"] {
        if let Some(version) = field(info, &format!("{name}_version")) {
            return format!("{name} {version}");
        }
    }
    field(info, "redis_version").map_or_else(|| "?".to_owned(), |version| format!("redis {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_is_told_by_its_own_version() {
        let both = "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n";
        assert_eq!(software(both), "valkey 9.1.2");
        assert_eq!(software("redis_version:7.0.15\r\n"), "redis 7.0.15");
        assert_eq!(software("redis_version:7.2.4\r\nhandfast_version:0.1.0\r\n"), "handfast 0.1.0");
        assert_eq!(software(""), "?");
    }
}
