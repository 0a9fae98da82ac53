//! TLS.

use super::super::directive::{Directive, INT_MAX, PORT, int, row};
use super::super::kind::Kind;
use super::TEXT;

pub(super) const ROWS: &[Directive] = &[
    row("tls-auth-clients", Kind::Choice(&["no", "yes", "optional"]), "yes"),
    row("tls-auth-clients-user", Kind::Choice(&["CN", "URI", "off"]), "off"),
    row("tls-auto-reload-interval", int(0, INT_MAX), "0"),
    row("tls-ca-cert-dir", TEXT, ""),
    row("tls-ca-cert-file", TEXT, ""),
    row("tls-cert-file", TEXT, ""),
    row("tls-ciphers", TEXT, ""),
    row("tls-ciphersuites", TEXT, ""),
    row("tls-client-cert-file", TEXT, ""),
    row("tls-client-key-file", TEXT, ""),
    row("tls-client-key-file-pass", TEXT, "").secret(),
    row("tls-cluster", Kind::Bool, "no"),
    row("tls-dh-params-file", TEXT, ""),
    row("tls-key-file", TEXT, ""),
    row("tls-key-file-pass", TEXT, "").secret(),
    row("tls-port", PORT, "0"),
    row("tls-prefer-server-ciphers", Kind::Bool, "no"),
    row("tls-protocols", TEXT, ""),
    row("tls-replication", Kind::Bool, "no"),
    row("tls-session-cache-size", int(0, INT_MAX), "20480"),
    row("tls-session-cache-timeout", int(0, INT_MAX), "300"),
    row("tls-session-caching", Kind::Bool, "yes"),
];
