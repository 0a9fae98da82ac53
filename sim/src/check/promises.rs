//! A node never takes back what it has told others: its name, its epochs, its votes. Not even after a crash.

use super::Broken;
use crate::world::{Host, Told};
use base::NodeId;

/// What a node that has just started remembers.
pub struct Remembered {
    /// Its name.
    pub id: NodeId,
    /// The cluster's epoch.
    pub current_epoch: u64,
    /// Its own.
    pub config_epoch: u64,
}

/// What a running node remembers, as its published view shows it.
pub fn remembered(host: &Host) -> Option<Remembered> {
    let view = host.seat.as_ref()?.shared.view.load();
    let me = view.me();
    Some(Remembered { id: me.id, current_epoch: view.current_epoch, config_epoch: me.config_epoch })
}

/// Compares what it remembers with what it told in all its lives.
pub fn check(name: &str, told: &Told, now: &Remembered) -> Result<(), Broken> {
    let Some(id) = told.id else { return Ok(()) };
    if id != now.id {
        return Err(Broken::Safety(format!("{name} was {id} and is {} now", now.id)));
    }
    let epochs = [
        ("the cluster's epoch", told.current_epoch, now.current_epoch),
        ("its own epoch", told.config_epoch, now.config_epoch),
        ("the epoch of its vote", told.vote, now.current_epoch),
    ];
    for (what, told, now) in epochs {
        if now < told {
            return Err(Broken::Safety(format!("{name} told {what} {told}, and knows only {now} now")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_back() {
        let mut rng = base::Rng::new(1);
        let (a, b) = (NodeId::random(&mut rng), NodeId::random(&mut rng));
        let told = Told { id: Some(a), current_epoch: 5, config_epoch: 3, vote: 4 };
        let now = |id, current_epoch, config_epoch| Remembered { id, current_epoch, config_epoch };
        assert_eq!(check("n", &told, &now(a, 5, 3)), Ok(()));
        assert!(check("n", &told, &now(b, 5, 3)).is_err());
        assert!(check("n", &told, &now(a, 4, 3)).is_err());
        assert!(check("n", &told, &now(a, 5, 2)).is_err());
        assert_eq!(check("n", &Told::default(), &now(b, 0, 0)), Ok(()));
    }
}
