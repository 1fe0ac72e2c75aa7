//! Group commit: many writers hand their rows to one task, which writes all that wait in a single
//! transaction and answers each writer after the fsync. While one batch is being made durable the next
//! one gathers, so the batch grows with the load and a lone writer waits for nobody.

use std::future::Future;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

use crate::{Db, DbError, Tx};

/// What a batch does with its items.
pub trait Batch: Send + Sync + 'static {
    /// What a writer hands in.
    type Item: Send + Sync + 'static;
    /// What it is answered.
    type Answer: Send + 'static;

    /// Writes the items in one transaction and answers each, in order.
    fn write(
        &self,
        tx: &mut Tx,
        items: &[Self::Item],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, DbError>> + Send;
}

type Waiting<B> = (<B as Batch>::Item, oneshot::Sender<Result<<B as Batch>::Answer, DbError>>);

/// The door to a batching task. Cloning it is cheap; the task ends when the last clone is dropped.
pub struct Batcher<B: Batch> {
    queue: mpsc::Sender<Waiting<B>>,
}

impl<B: Batch> Clone for Batcher<B> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

/// How many writers may wait before the next one is held back.
const QUEUE: usize = 4096;

impl<B: Batch> Batcher<B> {
    /// Starts the task. A batch has at most `most` items.
    pub fn start(db: Db, batch: B, most: usize) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(db, Arc::new(batch), waiting, most));
        Self { queue }
    }

    /// Hands in an item and waits until it is durable.
    ///
    /// # Errors
    /// What the batch reports for this item, or [`DbError::Closing`].
    pub async fn write(&self, item: B::Item) -> Result<B::Answer, DbError> {
        let (answer, durable) = oneshot::channel();
        self.queue.send((item, answer)).await.map_err(|_| DbError::Closing)?;
        durable.await.map_err(|_| DbError::Closing)?
    }

    /// Hands in an item that nobody waits for; dropped when the queue is full.
    pub fn offer(&self, item: B::Item) -> bool {
        self.queue.try_send((item, oneshot::channel().0)).is_ok()
    }
}

async fn run<B: Batch>(
    db: Db,
    batch: Arc<B>,
    mut waiting: mpsc::Receiver<Waiting<B>>,
    most: usize,
) {
    let mut gathered = Vec::with_capacity(most);
    while waiting.recv_many(&mut gathered, most).await > 0 {
        let (items, answers): (Vec<_>, Vec<_>) = gathered.drain(..).unzip();
        match write(&db, &*batch, &items).await {
            Ok(written) => {
                for (answer, written) in answers.into_iter().zip(written) {
                    drop(answer.send(Ok(written)));
                }
            }
            Err(error) if items.len() == 1 => {
                let mut error = Some(error);
                for answer in answers {
                    drop(answer.send(Err(error.take().unwrap_or(DbError::Closing))));
                }
            }
            // One item may be what the others failed for: each gets a transaction of its own.
            Err(error) => {
                tracing::debug!(%error, items = items.len(), "a batch failed; writing one by one");
                for (item, answer) in items.into_iter().zip(answers) {
                    let alone = write(&db, &*batch, std::slice::from_ref(&item)).await;
                    let written = alone.and_then(|mut all| all.pop().ok_or(DbError::Closing));
                    drop(answer.send(written));
                }
            }
        }
    }
}

async fn write<B: Batch>(db: &Db, batch: &B, items: &[B::Item]) -> Result<Vec<B::Answer>, DbError> {
    let mut tx = db.system(true).await?;
    let answers = batch.write(&mut tx, items).await?;
    tx.commit().await?;
    Ok(answers)
}
