//! Settings: a flag wins over `PATCHBAY_…`, which wins over the config file, which wins over the default.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use kernel::Secret;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The config file as it is shipped: every setting with its default, as a comment.
pub(crate) const TEMPLATE: &str = include_str!("../../../docs/patchbay.toml");

/// What every command that opens the database takes.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The config file; patchbay.toml in the data directory when absent
    #[arg(long, env = "PATCHBAY_CONFIG", value_name = "FILE", global = true)]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,

    /// Where the database, the master key and the config file are [default: ./patchbay-data]
    #[arg(long, env = "PATCHBAY_DATA", value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,

    /// sqlite:PATH or postgres://… [default: patchbay.db in the data directory]
    #[arg(long, env = "PATCHBAY_DATABASE_URL", value_name = "URL", global = true)]
    pub(crate) database_url: Option<String>,

    /// The file that holds the master key [default: master.key in the data directory]
    #[arg(long, env = "PATCHBAY_MASTER_KEY_FILE", value_name = "FILE", global = true)]
    pub(crate) master_key_file: Option<PathBuf>,

    /// A command that prints the master key, for instance one that asks a cloud KMS
    #[arg(long, env = "PATCHBAY_MASTER_KEY_COMMAND", value_name = "COMMAND", global = true)]
    pub(crate) master_key_command: Option<String>,

    /// Where to listen [default: 127.0.0.1:3003]
    #[arg(long, env = "PATCHBAY_LISTEN", value_name = "ADDRESS", global = true)]
    pub(crate) listen: Option<SocketAddr>,

    /// Where people reach it, for webhook URLs and cookies [default: http:// and the listen address]
    #[arg(long, env = "PATCHBAY_PUBLIC_URL", value_name = "URL", global = true)]
    pub(crate) public_url: Option<String>,

    /// Mail server for notifications: smtps://user:password@host or smtp://host:587?tls=required
    #[arg(
        long,
        env = "PATCHBAY_SMTP_URL",
        value_name = "URL",
        global = true,
        hide_env_values = true
    )]
    pub(crate) smtp_url: Option<String>,

    /// Who writes the mails, such as "Patchbay <patchbay@example.com>"
    #[arg(long, env = "PATCHBAY_MAIL_FROM", value_name = "ADDRESS", global = true)]
    pub(crate) mail_from: Option<String>,

    /// What this process does: api, worker or both [default: api,worker]
    #[arg(long, env = "PATCHBAY_ROLE", value_name = "ROLES", value_delimiter = ',', global = true)]
    pub(crate) role: Option<Vec<Role>>,

    /// Start a simulated outside world on loopback and fill the first workspace with it
    #[arg(long, env = "PATCHBAY_DEMO", num_args = 0..=1, default_missing_value = "true", global = true)]
    pub(crate) demo: Option<bool>,

    /// Private networks that may be called, as CIDR
    #[arg(
        long,
        env = "PATCHBAY_ALLOW_NETWORK",
        value_name = "CIDR",
        value_delimiter = ',',
        global = true
    )]
    pub(crate) allow_network: Option<Vec<ipnet::IpNet>>,

    /// Proxies whose X-Forwarded-For is believed, as CIDR
    #[arg(
        long,
        env = "PATCHBAY_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        global = true
    )]
    pub(crate) trusted_proxy: Option<Vec<ipnet::IpNet>>,

    /// How logs are written: text or json [default: text]
    #[arg(long, env = "PATCHBAY_LOG_FORMAT", value_name = "FORMAT", global = true)]
    pub(crate) log_format: Option<LogFormat>,

    /// What is logged, as in RUST_LOG [default: info]
    #[arg(long, env = "PATCHBAY_LOG", value_name = "FILTER", global = true)]
    pub(crate) log: Option<String>,

    /// Megabytes of documents kept in memory for readers [default: 128]
    #[arg(long, env = "PATCHBAY_MEMORY_MB", value_name = "MB", global = true)]
    pub(crate) memory_mb: Option<u64>,

    /// Days that events and applied pushes are kept [default: 30]
    #[arg(long, env = "PATCHBAY_KEEP_EVENTS_DAYS", value_name = "DAYS", global = true)]
    pub(crate) keep_events_days: Option<u32>,

    /// Days that the request log is kept [default: 14]
    #[arg(long, env = "PATCHBAY_KEEP_REQUESTS_DAYS", value_name = "DAYS", global = true)]
    pub(crate) keep_requests_days: Option<u32>,

    /// Days that audit entries are kept [default: 365]
    #[arg(long, env = "PATCHBAY_KEEP_AUDIT_DAYS", value_name = "DAYS", global = true)]
    pub(crate) keep_audit_days: Option<u32>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Answers requests.
    Api,
    /// Runs jobs.
    Worker,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

impl Settings {
    /// Lays flags and environment over the config file.
    pub(crate) fn with_file(self) -> Result<Self> {
        let named = self.config.clone();
        let path = named.clone().unwrap_or_else(|| self.data_dir().join("patchbay.toml"));
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str::<Self>(&text)
                .with_context(|| format!("cannot read the settings in {}", path.display()))?,
            Err(_) if named.is_none() => Self::default(),
            Err(error) => bail!("cannot read the config file {}: {error}", path.display()),
        };
        let settings = self.over(file);
        settings.check()?;
        Ok(settings)
    }

    fn over(self, file: Self) -> Self {
        Self {
            config: self.config,
            data: self.data.or(file.data),
            database_url: self.database_url.or(file.database_url),
            master_key_file: self.master_key_file.or(file.master_key_file),
            master_key_command: self.master_key_command.or(file.master_key_command),
            listen: self.listen.or(file.listen),
            public_url: self.public_url.or(file.public_url),
            smtp_url: self.smtp_url.or(file.smtp_url),
            mail_from: self.mail_from.or(file.mail_from),
            role: self.role.or(file.role),
            demo: self.demo.or(file.demo),
            allow_network: self.allow_network.or(file.allow_network),
            trusted_proxy: self.trusted_proxy.or(file.trusted_proxy),
            log_format: self.log_format.or(file.log_format),
            log: self.log.or(file.log),
            memory_mb: self.memory_mb.or(file.memory_mb),
            keep_events_days: self.keep_events_days.or(file.keep_events_days),
            keep_requests_days: self.keep_requests_days.or(file.keep_requests_days),
            keep_audit_days: self.keep_audit_days.or(file.keep_audit_days),
        }
    }

    fn check(&self) -> Result<()> {
        if let Some(url) = &self.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            bail!("public_url must begin with http:// or https://, not {url}");
        }
        if let Some(Err(error)) = self.log.as_deref().map(tracing_subscriber::EnvFilter::try_new) {
            bail!("log cannot be read: {error}");
        }
        if self.role.as_ref().is_some_and(Vec::is_empty) {
            bail!("role must name api, worker or both");
        }
        Ok(())
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from("./patchbay-data"))
    }

    pub(crate) fn database_url(&self) -> String {
        let here = || format!("sqlite:{}", self.data_dir().join("patchbay.db").display());
        self.database_url.clone().unwrap_or_else(here)
    }

    /// The address without the password in it.
    pub(crate) fn shown_database(&self) -> String {
        let url = self.database_url();
        match (url.find("://"), url.rfind('@')) {
            (Some(scheme), Some(at)) if at > scheme => {
                format!("{}://…{}", &url[..scheme], &url[at..])
            }
            _ => url,
        }
    }

    /// The file of an embedded database.
    pub(crate) fn sqlite_file(&self) -> Option<PathBuf> {
        let url = self.database_url();
        let path = url.strip_prefix("sqlite:")?;
        Some(Path::new(path.strip_prefix("//").unwrap_or(path)).to_path_buf())
    }

    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3003)))
    }

    /// Where people reach it, without a slash at the end.
    pub(crate) fn public_url(&self, listen: SocketAddr) -> String {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{listen}"));
        url.trim_end_matches('/').to_owned()
    }

    /// What writes to people, where a mail server is set up.
    pub(crate) fn mailer(&self) -> Result<Option<egress::Mailer>> {
        let Some(url) = &self.smtp_url else { return Ok(None) };
        let Some(from) = &self.mail_from else { bail!("smtp_url is set: set mail_from as well") };
        let mailer = egress::Mailer::new(&kernel::Secret::new(url.clone()), from);
        mailer.map(Some).context("the mail server cannot be used")
    }

    pub(crate) fn plays(&self, role: Role) -> bool {
        self.role.as_ref().is_none_or(|roles| roles.contains(&role))
    }

    pub(crate) fn demo(&self) -> bool {
        self.demo.unwrap_or(false)
    }

    pub(crate) fn allow_networks(&self) -> Vec<ipnet::IpNet> {
        let mut networks = self.allow_network.clone().unwrap_or_default();
        if self.demo() {
            // The demo's outside world is on loopback.
            networks.extend("127.0.0.0/8".parse::<ipnet::IpNet>().ok());
        }
        networks
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_mb.unwrap_or(128).saturating_mul(1024 * 1024)
    }

    pub(crate) fn retention(&self) -> db::Retention {
        let days = |days: Option<u32>, otherwise: Duration| {
            days.map_or(otherwise, |days| Duration::from_secs(u64::from(days) * 86_400))
        };
        let usual = db::Retention::default();
        db::Retention {
            events: days(self.keep_events_days, usual.events),
            inbound: days(self.keep_events_days, usual.inbound),
            deliveries: days(self.keep_events_days, usual.deliveries),
            requests: days(self.keep_requests_days, usual.requests),
            audit: days(self.keep_audit_days, usual.audit),
        }
    }
}

/// The master key from the environment. It is no flag: flags are seen by everybody on the machine.
pub(crate) fn master_key_from_environment() -> Option<Secret<String>> {
    std::env::var("PATCHBAY_MASTER_KEY").ok().filter(|text| !text.is_empty()).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_config_file_names_every_setting_and_only_those() {
        let plain: String = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
            .filter(|line| !line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        let file: Settings = toml::from_str(&plain).unwrap();
        let shown = format!("{:?}", Settings { config: Some(PathBuf::new()), ..file });
        assert!(!shown.contains("None"), "a setting is missing: {shown}");
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file: Settings = toml::from_str("listen = \"127.0.0.1:1\"\ndemo = true").unwrap();
        let flags = Settings { listen: "127.0.0.1:2".parse().ok(), ..Settings::default() };
        let settings = flags.over(file);
        assert_eq!(settings.listen().port(), 2);
        assert!(settings.demo());
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(toml::from_str::<Settings>("lissten = \"127.0.0.1:1\"").is_err());
    }
}
