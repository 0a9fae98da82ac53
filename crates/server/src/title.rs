//! The process's title, as `ps` shows it (`proc-title-template`): written over the memory into which the system
//! put arguments and environment.

use crate::sys;
use node::config::Config;
use std::sync::Mutex;

/// The memory for titles, and what they are made of.
pub struct Title {
    /// How the program was called.
    program: String,
    config_file: String,
    place: Mutex<Option<sys::TitlePlace>>,
}

impl Title {
    /// Makes the memory free for titles. Must be called while the process has one thread.
    pub fn new(program: String, config_file: String) -> Title {
        Title { program, config_file, place: Mutex::new(sys::TitlePlace::take()) }
    }

    /// Shows the title that the configuration asks for; one that does not fit is cut.
    pub fn show(&self, config: &Config) {
        if config.process.set_title
            && let Ok(mut place) = self.place.lock()
            && let Some(place) = &mut *place
        {
            place.write(self.text(config).as_bytes());
        }
    }

    fn text(&self, config: &Config) -> String {
        let network = &config.network;
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let socket = network.unix_socket.as_deref().map(lossy).unwrap_or_default();
        let listen = match (network.port, network.bind.first()) {
            (0, _) => socket.clone(),
            (port, None) => format!("*:{port}"),
            (port, Some(first)) => format!("{}:{port}", lossy(&first.host)),
        };
        let values = [
            ("{title}", self.program.clone()),
            ("{listen-addr}", listen),
            ("{server-mode}", if config.cluster.enabled { "[cluster]".into() } else { String::new() }),
            ("{port}", network.port.to_string()),
            ("{tls-port}", "0".into()),
            ("{unixsocket}", socket),
            ("{config-file}", self.config_file.clone()),
        ];
        expand(&lossy(&config.process.title_template), &values)
    }
}

/// Puts values in the places of their names; what a value contains is left alone. Blanks at the end go.
fn expand(template: &str, values: &[(&str, String)]) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some(c) = rest.chars().next() {
        match values.iter().find(|(name, _)| rest.starts_with(name)) {
            Some((name, value)) => {
                text.push_str(value);
                rest = &rest[name.len()..];
            }
            None => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn names_become_values_once() {
        let values =
            [("{title}", "a {port}".to_owned()), ("{port}", "7000".into()), ("{server-mode}", "".into())];
        assert_eq!(expand("x {title} {port}:é {server-mode} ", &values), "x a {port} 7000:é");
        assert_eq!(expand("", &values), "");
    }
}
