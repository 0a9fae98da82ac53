//! Counters: each worker (and control) has its own set, written by it alone and summed by readers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that one thread writes and any thread reads.
#[derive(Default, Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`. One writer only: it is a load and a store, not an atomic addition.
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// The value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Sets the value.
    pub fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }

    /// Keeps the greater value.
    pub fn raise(&self, n: u64) {
        if n > self.get() {
            self.set(n);
        }
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What one machine counts.
        #[derive(Default, Debug)]
        #[repr(align(128))]
        pub struct Counters {
            $($(#[$doc])* pub $name: Counter,)*
        }

        impl Counters {
            /// CONFIG RESETSTAT.
            pub fn reset(&self) {
                $(self.$name.set(0);)*
            }
        }
    };
}

counters! {
    /// Connections accepted.
    connections,
    /// Connections refused by a limit.
    rejected_connections,
    /// Commands executed.
    commands,
    /// Bytes read from clients.
    net_input,
    /// Bytes written to clients.
    net_output,
    /// Key lookups that found something.
    hits,
    /// Key lookups that found nothing.
    misses,
    /// Keys removed because their time had come.
    expired,
    /// Fields of hashes removed because their time had come.
    expired_fields,
    /// Scripts that made room for others.
    evicted_scripts,
    /// Error replies.
    errors,
    /// Read calls.
    reads,
    /// Write calls.
    writes,
    /// Changes to the data set since the start.
    dirty,
    /// Clients closed for their query buffer.
    query_buffer_closed,
    /// Clients closed for their output buffer.
    output_buffer_closed,
    /// Longest command, in bytes of input held, seen lately.
    max_input,
    /// Most bytes of output held for one client, seen lately.
    max_output,
    /// Turns taken.
    turns,
    /// Times a client waited for a stripe.
    stripe_waits,
}

/// What one machine counts about one command.
#[derive(Default, Debug)]
pub struct CommandCounters {
    /// Executions.
    pub calls: Counter,
    /// Microseconds spent in them, times 1024 (fractions add up).
    pub usec_1024: Counter,
    /// Refused before execution.
    pub rejected: Counter,
    /// Executions that answered an error.
    pub failed: Counter,
}

impl CommandCounters {
    /// CONFIG RESETSTAT.
    pub fn reset(&self) {
        for counter in [&self.calls, &self.usec_1024, &self.rejected, &self.failed] {
            counter.set(0);
        }
    }
}
