//! Switches that DEBUG turns.

use rdb::Checksum;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::Relaxed};
use store::value::ListLimits;

/// The switches. All off but active expiry.
pub struct Switches {
    active_expire: AtomicBool,
    packet_filter: AtomicI32,
    cron_paused: AtomicBool,
    long_elements: AtomicUsize,
    dump_checksum_ignored: AtomicBool,
    scripts_unbarred: AtomicBool,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            active_expire: AtomicBool::new(true),
            packet_filter: AtomicI32::new(-1),
            cron_paused: AtomicBool::new(false),
            long_elements: AtomicUsize::new(ListLimits::LONG),
            dump_checksum_ignored: AtomicBool::new(false),
            scripts_unbarred: AtomicBool::new(false),
        }
    }
}

impl Switches {
    /// DEBUG SET-ACTIVE-EXPIRE.
    pub fn set_active_expire(&self, on: bool) {
        self.active_expire.store(on, Relaxed);
    }

    /// Whether expired keys are looked for.
    pub fn active_expire(&self) -> bool {
        self.active_expire.load(Relaxed)
    }

    /// DEBUG DROP-CLUSTER-PACKET-FILTER: a packet type, -1 none, -2 all.
    pub fn set_packet_filter(&self, kind: i32) {
        self.packet_filter.store(kind, Relaxed);
    }

    /// DEBUG PAUSE-CRON: what is done between turns, such as ending the process, waits.
    pub fn pause_cron(&self, on: bool) {
        self.cron_paused.store(on, Relaxed);
    }

    /// Whether it waits.
    pub fn cron_paused(&self) -> bool {
        self.cron_paused.load(Relaxed)
    }

    /// DEBUG QUICKLIST-PACKED-THRESHOLD, bytes.
    pub fn set_long_elements(&self, bytes: usize) {
        self.long_elements.store(bytes, Relaxed);
    }

    /// Elements of lists that are so long have a node of their own.
    pub fn long_elements(&self) -> usize {
        self.long_elements.load(Relaxed)
    }

    /// DEBUG SET-SKIP-CHECKSUM-VALIDATION.
    pub fn ignore_dump_checksum(&self, on: bool) {
        self.dump_checksum_ignored.store(on, Relaxed);
    }

    /// Whether RESTORE looks at checksums.
    pub fn dump_checksum(&self) -> Checksum {
        if self.dump_checksum_ignored.load(Relaxed) { Checksum::Ignored } else { Checksum::Verified }
    }

    /// DEBUG SET-DISABLE-DENY-SCRIPTS.
    pub fn unbar_scripts(&self, on: bool) {
        self.scripts_unbarred.store(on, Relaxed);
    }

    /// Whether scripts may call what is not for scripts.
    pub fn scripts_unbarred(&self) -> bool {
        self.scripts_unbarred.load(Relaxed)
    }

    /// The filter in force.
    pub fn packet_filter(&self) -> i32 {
        self.packet_filter.load(Relaxed)
    }
}
