//! The corner of system calls that no safe library offers here.

use std::mem::MaybeUninit;

/// A broken-down local time.
pub struct LocalTime {
    /// Day of the month, from 1.
    pub day: i32,
    /// Month, from 0.
    pub month: usize,
    /// Year, as written.
    pub year: i32,
    /// Hour, 0 to 23.
    pub hour: i32,
    /// Minute.
    pub minute: i32,
    /// Second.
    pub second: i32,
}

/// Local time of Unix seconds.
pub fn local_time(unix_s: i64) -> LocalTime {
    let mut tm = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are valid for the call; `localtime_r` writes a whole `tm` or nothing, and
    // all-zero bytes are a valid `tm`.
    let tm = unsafe {
        libc::localtime_r(&unix_s, tm.as_mut_ptr());
        tm.assume_init()
    };
    LocalTime {
        day: tm.tm_mday,
        month: tm.tm_mon.clamp(0, 11) as usize,
        year: tm.tm_year + 1900,
        hour: tm.tm_hour,
        minute: tm.tm_min,
        second: tm.tm_sec,
    }
}

/// Detaches from the terminal: the parent exits, the child goes on as a session leader with its standard
/// streams on `/dev/null`. Must be called while the process has one thread.
pub fn daemonize() -> std::io::Result<()> {
    // SAFETY: called before any thread is started, so the child has all there is.
    unsafe {
        match libc::fork() {
            -1 => return Err(std::io::Error::last_os_error()),
            0 => {}
            _ => libc::_exit(0),
        }
        libc::setsid();
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        if null >= 0 {
            for fd in 0..3 {
                libc::dup2(null, fd);
            }
            if null > 2 {
                libc::close(null);
            }
        }
    }
    Ok(())
}

/// CPU time of this process: (system, user), microseconds.
pub fn cpu_time() -> (u64, u64) {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid for the call, and all-zero bytes are a valid `rusage`.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let micros = |t: libc::timeval| t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64;
    (micros(usage.ru_stime), micros(usage.ru_utime))
}

/// Raises the limit of open descriptors to at least `wanted` if the system lets us; the limit in force.
pub fn raise_descriptor_limit(wanted: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointers are valid for the calls.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) != 0 {
            return 1024;
        }
        if limit.rlim_cur >= wanted {
            return limit.rlim_cur;
        }
        let raised = libc::rlimit { rlim_cur: wanted, rlim_max: limit.rlim_max.max(wanted) };
        if libc::setrlimit(libc::RLIMIT_NOFILE, &raised) == 0 {
            return wanted;
        }
        let most = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
        if libc::setrlimit(libc::RLIMIT_NOFILE, &most) == 0 { limit.rlim_max } else { limit.rlim_cur }
    }
}

/// Locks a file for the life of the process, creating it if need be. False: another process has the lock.
pub fn lock_file(path: &str) -> std::io::Result<bool> {
    use std::os::fd::IntoRawFd;
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    // The descriptor stays open, and the lock with it, until the process ends.
    let fd = file.into_raw_fd();
    // SAFETY: the descriptor was just taken out of an open file and is closed by nobody.
    if unsafe { libc::flock(fd, libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    match std::io::Error::last_os_error() {
        e if e.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
        e => Err(e),
    }
}

/// What `uname` says: `Linux 6.1.0 x86_64`.
pub fn os() -> String {
    let mut name = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: the pointer is valid for the call; the fields are NUL-terminated or all zero.
    unsafe {
        libc::uname(name.as_mut_ptr());
        let name = name.assume_init();
        let text =
            |field: &[libc::c_char]| std::ffi::CStr::from_ptr(field.as_ptr()).to_string_lossy().into_owned();
        format!("{} {} {}", text(&name.sysname), text(&name.release), text(&name.machine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_make_sense() {
        assert!(local_time(1_700_000_000).year == 2023);
        assert!(os().split(' ').count() >= 3);
        assert!(raise_descriptor_limit(64) >= 64);
    }
}
