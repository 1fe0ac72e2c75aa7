//! SQLite and PostgreSQL behind one door: pool, transactions, migrations, group commit, the event log
//! and the job queue. Statements are plain SQL that both understand; where they must differ, the two
//! stand side by side. Nothing reads or writes without a [`Workspace`], or says aloud that it is the
//! house itself ([`Db::system`]). It knows no room's tables but those that every room meets at.

mod backup;
mod batch;
mod error;
mod events;
mod followers;
mod inbox;
mod keys;
mod migrate;
mod open;
mod queue;
mod retention;
mod row;
mod signal;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trace;
mod tx;
mod value;
mod workspace;

pub use backup::{BackupReport, check_backup, is_in_use};
pub use batch::{Batch, Batcher};
pub use error::DbError;
pub use events::EventFilter;
pub use followers::{FOLLOW, matches};
pub use inbox::{
    Accepted, INBOUND_RECEIVED, Inbound, InboundFilter, InboundState, Inbox, NewInbound,
};
pub use keys::{KeySource, Master, Rotation};
pub use open::{Db, Options};
pub use queue::{Done, Handler, Job, JobError, Worker};
pub use retention::Retention;
pub use row::Row;
pub use signal::{Change, Signal};
pub use tx::Tx;
pub use value::Value;
pub use workspace::Workspace;
