//! What the database promises, on SQLite and on PostgreSQL alike.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by stopping there")]

use db::testing::{START, TestDb, databases, databases_at, raw_postgres};
use db::{
    Accepted, Db, DbError, Done, EventFilter, Handler, InboundFilter, Inbox, Job, JobError,
    NewInbound, Options, Worker, args,
};
use kernel::{Clock, FeedId, InboundId, IntegrationId, JobKind, Lane, NewJob, PageRequest, Trace};
use serde_json::json;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn what_is_not_committed_leaves_no_trace() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let mut tx = workspace.write().await.unwrap();
        tx.emit(workspace.id(), "feed.updated", "feed_1", json!({})).await.unwrap();
        drop(tx);
        let seen = workspace.events(&EventFilter::default(), &PageRequest::default()).await;
        assert!(seen.unwrap().is_empty());
    }
}

#[tokio::test]
async fn events_are_read_by_kind_and_page() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        for n in 0..5 {
            let mut tx = workspace.write().await.unwrap();
            tx.emit(workspace.id(), "feed.updated", "feed_1", json!({ "n": n })).await.unwrap();
            tx.emit(workspace.id(), "key.created", "key_1", json!({})).await.unwrap();
            tx.commit().await.unwrap();
        }
        let filter = EventFilter { kind: "feed.".into(), subject: String::new() };
        let page = PageRequest { limit: 2, after: None };
        let first = workspace.events(&filter, &page).await.unwrap();
        assert_eq!(first.len(), 3, "one more than asked says that there is more");
        let page = PageRequest { limit: 10, after: Some(first[1].id.to_string()) };
        assert_eq!(workspace.events(&filter, &page).await.unwrap().len(), 3);
    }
}

const FOLLOWER: JobKind = JobKind { name: "test.follow", lane: Lane::Fast };

#[tokio::test]
async fn a_follower_is_handed_each_event_that_it_wants_once() {
    for test in databases().await {
        let (workspace, other) = (test.workspace("acme").await, test.workspace("globex").await);
        let id = workspace.id();
        let follow = async |patterns: &[&str]| {
            let patterns = patterns.iter().map(|it| (*it).to_owned()).collect();
            let mut tx = workspace.write().await.unwrap();
            tx.follow(id, FOLLOWER, patterns).await.unwrap();
            tx.commit().await.unwrap();
        };
        let emit = async |workspace: &db::Workspace, kind: &str| {
            let mut tx = workspace.write().await.unwrap();
            tx.emit(workspace.id(), kind, "it", json!({})).await.unwrap();
            tx.commit().await.unwrap();
        };
        let waiting = async || {
            let mut tx = workspace.write().await.unwrap();
            let events = tx.pending_events(id, FOLLOWER, 10).await.unwrap();
            tx.handled(id, FOLLOWER, &events).await.unwrap();
            tx.commit().await.unwrap();
            events.into_iter().map(|event| event.kind).collect::<Vec<_>>()
        };
        emit(&workspace, "feed.updated").await;
        follow(&["feed.*", "task.opened"]).await;
        for kind in ["feed.updated", "key.created", "task.opened", "task.closed"] {
            emit(&workspace, kind).await;
            emit(&other, kind).await;
        }
        assert_eq!(waiting().await, ["feed.updated", "task.opened"]);
        assert_eq!(waiting().await, [""; 0], "each once");

        // Another process knows it from the table.
        let again = Db::open(Options::new(&test.url)).await.unwrap();
        let mut tx = again.workspace(id).write().await.unwrap();
        tx.emit(id, "feed.failed", "it", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(waiting().await, ["feed.failed"]);

        follow(&[]).await;
        emit(&workspace, "feed.updated").await;
        assert_eq!(waiting().await, [""; 0]);
    }
}

#[tokio::test]
async fn an_accepted_push_is_an_event_where_somebody_follows_pushes() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let inbox = Inbox::start(test.db.clone());
        let accept = async |event_id: &str| {
            let push = push(&test, &workspace, Some(event_id));
            inbox.accept(NewInbound { feed: None, job: None, ..push }).await.unwrap()
        };
        accept("one").await;
        let mut tx = workspace.write().await.unwrap();
        let wanted = vec![db::INBOUND_RECEIVED.to_owned()];
        tx.follow(workspace.id(), FOLLOWER, wanted).await.unwrap();
        tx.commit().await.unwrap();
        accept("two").await;
        accept("two").await;
        let mut tx = workspace.read().await.unwrap();
        let told = tx.pending_events(workspace.id(), FOLLOWER, 10).await.unwrap();
        assert_eq!(told.len(), 1, "each once, from when somebody follows");
        assert_eq!(told[0].data["event_id"], "two");
    }
}

#[tokio::test]
async fn what_follows_from_something_carries_its_trace() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let trace: Trace = "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
        let begin = async {
            let mut tx = workspace.write().await.unwrap();
            tx.emit(workspace.id(), "a.begun", "it", json!({})).await.unwrap();
            tx.commit().await.unwrap();
            enqueue(&test, &workspace, "it", json!({ "tells_trace": true })).await;
        };
        db::trace::within(trace, begin).await;
        let (mut ran, stop) = worker(&test.db);
        assert_eq!(ran.recv().await.unwrap(), format!("it in {trace}"));
        stop.cancel();
        let filter = EventFilter { kind: "a.".into(), subject: String::new() };
        let events = workspace.events(&filter, &PageRequest::default()).await.unwrap();
        assert_eq!(events[0].trace, Some(trace));
    }
}

#[tokio::test]
async fn a_taken_name_is_a_conflict() {
    for test in databases().await {
        test.workspace("acme").await;
        let mut tx = test.db.system(true).await.unwrap();
        let twice = tx
            .execute(
                "INSERT INTO workspaces (id, name, slug, created_at, updated_at) \
                 VALUES ('ws_2', 'b', 'acme', 0, 0)",
                args![],
            )
            .await;
        assert!(matches!(twice, Err(DbError::Conflict)), "{twice:?}");
    }
}

#[tokio::test]
async fn postgres_itself_keeps_tenants_apart() {
    for test in databases().await {
        let (ours, theirs) = (test.workspace("ours").await, test.workspace("theirs").await);
        for workspace in [&ours, &theirs] {
            let mut tx = workspace.write().await.unwrap();
            tx.emit(workspace.id(), "seen", "x", json!({})).await.unwrap();
            tx.commit().await.unwrap();
        }
        let Some(raw) = raw_postgres(&test).await else { continue };
        let count = "SELECT count(*) FROM events";
        let (none,): (i64,) = sqlx::query_as(count).fetch_one(&raw).await.unwrap();
        assert_eq!(none, 0, "a connection that names no workspace sees nothing");
        let name = "SELECT set_config('patchbay.workspace', $1, false)";
        sqlx::query(name).bind(ours.id().to_string()).execute(&raw).await.unwrap();
        let (one,): (i64,) = sqlx::query_as(count).fetch_one(&raw).await.unwrap();
        assert_eq!(one, 1, "a connection sees the workspace that it names");
        let insert = "INSERT INTO events (workspace_id, id, kind, subject, at, data) \
                      VALUES ($1, 'evt_x', 'k', 's', 0, '{}')";
        let foreign = sqlx::query(insert).bind(theirs.id().to_string()).execute(&raw).await;
        assert!(foreign.is_err(), "nor can it write another's rows");
    }
}

/// Tells the test about each job it runs and then does as it is told.
struct Reports(mpsc::UnboundedSender<String>);

const REPORT: JobKind = JobKind { name: "test.report", lane: Lane::Fast };

impl Handler for Reports {
    fn kind(&self) -> JobKind {
        REPORT
    }

    fn run(&self, job: Job) -> Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send + '_>> {
        Box::pin(async move {
            let trace = db::trace::current().filter(|_| job.payload["tells_trace"] == json!(true));
            let told = trace.map_or_else(|| job.key.clone(), |it| format!("{} in {it}", job.key));
            self.0.send(told).map_err(|error| JobError(error.to_string()))?;
            if job.payload["fails"] == json!(true) && job.attempts == 1 {
                return Err(JobError("as told".into()));
            }
            Ok(Done::Remove)
        })
    }
}

fn worker(db: &Db) -> (mpsc::UnboundedReceiver<String>, CancellationToken) {
    let (to, from) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let worker = Worker::new(db.clone()).handle(Reports(to));
    tokio::spawn(worker.run(stop.clone()));
    (from, stop)
}

async fn enqueue(test: &TestDb, workspace: &db::Workspace, key: &str, payload: serde_json::Value) {
    let run_at = test.db.clock().now();
    let mut tx = workspace.write().await.unwrap();
    let job = NewJob { kind: REPORT, key: key.into(), run_at, payload };
    tx.enqueue(workspace.id(), job).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn jobs_run_whether_they_came_before_or_after_the_worker() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        enqueue(&test, &workspace, "before", json!({})).await;
        let (mut ran, stop) = worker(&test.db);
        assert_eq!(ran.recv().await.as_deref(), Some("before"));
        enqueue(&test, &workspace, "after", json!({})).await;
        assert_eq!(ran.recv().await.as_deref(), Some("after"));
        stop.cancel();
    }
}

#[tokio::test]
async fn a_failed_job_is_tried_again() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let (mut ran, stop) = worker(&test.db);
        enqueue(&test, &workspace, "flaky", json!({ "fails": true })).await;
        assert_eq!(ran.recv().await.as_deref(), Some("flaky"));
        assert_eq!(ran.recv().await.as_deref(), Some("flaky"));
        stop.cancel();
    }
}

#[tokio::test]
async fn one_workspace_with_very_much_to_do_does_not_delay_another() {
    for test in databases().await {
        let (busy, quiet) = (test.workspace("busy").await, test.workspace("quiet").await);
        let run_at = test.db.clock().now();
        let mut tx = busy.write().await.unwrap();
        for n in 0..2_000 {
            let job = NewJob { kind: REPORT, key: format!("busy-{n}"), run_at, payload: json!({}) };
            tx.enqueue(busy.id(), job).await.unwrap();
        }
        tx.commit().await.unwrap();
        enqueue(&test, &quiet, "quiet", json!({})).await;
        let (mut ran, stop) = worker(&test.db);
        let mut before = 0;
        while ran.recv().await.as_deref() != Some("quiet") {
            before += 1;
        }
        assert!(before < 200, "{before} jobs of the busy workspace came first");
        stop.cancel();
    }
}

#[tokio::test]
async fn with_nothing_due_there_is_no_statement() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let (mut ran, stop) = worker(&test.db);
        enqueue(&test, &workspace, "first", json!({})).await;
        assert_eq!(ran.recv().await.as_deref(), Some("first"));
        let mut tx = workspace.write().await.unwrap();
        let run_at = test.db.clock().now().plus(Duration::from_secs(3600));
        let later = NewJob { kind: REPORT, key: "later".into(), run_at, payload: json!({}) };
        tx.enqueue(workspace.id(), later).await.unwrap();
        tx.commit().await.unwrap();
        // The removal of the first job is the last statement there is.
        let mut left = i64::MAX;
        while left > 1 {
            let mut tx = workspace.read().await.unwrap();
            let row = tx.fetch_optional("SELECT count(*) AS n FROM jobs", args![]).await.unwrap();
            left = row.unwrap().int("n").unwrap();
        }
        tokio::time::timeout(Duration::from_millis(50), ran.recv()).await.unwrap_err();
        let before = test.db.statements();
        tokio::time::timeout(Duration::from_millis(500), ran.recv()).await.unwrap_err();
        assert_eq!(test.db.statements(), before);
        stop.cancel();
    }
}

fn push(test: &TestDb, workspace: &db::Workspace, event_id: Option<&str>) -> NewInbound {
    let (now, entropy) = (test.db.clock().now(), test.db.entropy());
    NewInbound {
        workspace: workspace.id(),
        id: InboundId::generate(now, entropy),
        integration: "int_01h455vb4pex5vsknk084sn02q".parse::<IntegrationId>().unwrap(),
        feed: Some("feed_01h455vb4pex5vsknk084sn02q".parse::<FeedId>().unwrap()),
        provider: "webhook".into(),
        event_id: event_id.map(str::to_owned),
        event_type: Some("ping".into()),
        received_at: now,
        verified_by: "test".into(),
        content_type: "application/json".into(),
        body: b"{\"hello\":\"world\"}".to_vec(),
        headers: json!({}),
        remote_addr: None,
        job: Some(NewJob { kind: REPORT, key: "apply".into(), run_at: now, payload: json!({}) }),
    }
}

#[tokio::test]
async fn a_push_is_accepted_once_and_comes_with_its_job() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let inbox = Inbox::start(test.db.clone());
        let pushes = (0..100).map(|n| {
            let id = format!("event-{}", n % 50);
            inbox.accept(push(&test, &workspace, Some(&id)))
        });
        let mut stored = 0;
        for accepted in futures_join(pushes).await {
            stored += usize::from(accepted.unwrap() == Accepted::Stored);
        }
        assert_eq!(stored, 50);
        assert_eq!(inbox.accept(push(&test, &workspace, None)).await.unwrap(), Accepted::Stored);
        assert_eq!(inbox.accept(push(&test, &workspace, None)).await.unwrap(), Accepted::Stored);
        let page = PageRequest { limit: 200, after: None };
        let listed = workspace.inbound(&InboundFilter::default(), &page).await.unwrap();
        assert_eq!(listed.len(), 52);
        assert_eq!(workspace.inbound_body(&listed[0]).await.unwrap(), b"{\"hello\":\"world\"}");
        let (mut ran, stop) = worker(&test.db);
        assert_eq!(ran.recv().await.as_deref(), Some("apply"));
        stop.cancel();

        let mut tx = workspace.write().await.unwrap();
        let feed = listed[0].feed.unwrap();
        let pending = tx.pending_inbound(workspace.id(), feed, 100).await.unwrap();
        let ids: Vec<_> = pending.iter().map(|push| push.id).collect();
        tx.settle_inbound(workspace.id(), feed, &ids).await.unwrap();
        assert!(tx.pending_inbound(workspace.id(), feed, 100).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_reader_is_opened_while_somebody_writes() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let mut writing = workspace.write().await.unwrap();
        let sql = "UPDATE workspaces SET name = name WHERE id = $1";
        writing.execute(sql, args![workspace.id()]).await.unwrap();
        // More than have been opened by now; PostgreSQL keeps one of its four for listening.
        let mut readers = Vec::new();
        for _ in 0..2 {
            let mut reading = workspace.read().await.unwrap();
            reading.fetch_all("SELECT id FROM workspaces", Vec::new()).await.unwrap();
            readers.push(reading);
        }
        writing.commit().await.unwrap();
    }
}

async fn futures_join<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut set = futures::stream::FuturesUnordered::new();
    all.for_each(|each| set.push(each));
    let mut done = Vec::new();
    while let Some(one) = futures::StreamExt::next(&mut set).await {
        done.push(one);
    }
    done
}

#[tokio::test]
async fn a_data_key_is_rotated_while_its_rows_are_read() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let inbox = Inbox::start(test.db.clone());
        for _ in 0..150 {
            inbox.accept(push(&test, &workspace, None)).await.unwrap();
        }
        let version = test.db.rotate_workspace(workspace.id()).await.unwrap();
        assert_eq!(version, 2);
        let mut done = 0;
        loop {
            let progress = test.db.seal_anew(workspace.id()).await.unwrap();
            done += progress.done;
            if progress.done == 0 {
                break;
            }
        }
        assert_eq!(done, 150);
        let page = PageRequest { limit: 200, after: None };
        for event in workspace.inbound(&InboundFilter::default(), &page).await.unwrap() {
            assert_eq!(workspace.inbound_body(&event).await.unwrap(), b"{\"hello\":\"world\"}");
        }
    }
}

#[tokio::test]
async fn another_master_key_is_refused_and_a_rotated_one_opens() {
    for test in databases().await {
        let workspace = test.workspace("acme").await;
        let sealed = workspace.seal("credential", &"cred_1", b"kept").unwrap();
        let next = vault::MasterKey::generate(test.db.entropy());
        assert!(test.db.unlock(&next).await.is_err());
        assert_eq!(test.db.rotate_master(&test.master, &next).await.unwrap(), 1);
        let again = Db::open(Options::new(&test.url)).await.unwrap();
        assert!(again.unlock(&test.master).await.is_err());
        again.unlock(&next).await.unwrap();
        let opened = again.workspace(workspace.id()).open("credential", &"cred_1", &sealed).await;
        assert_eq!(opened.unwrap(), b"kept");
    }
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    let clock = Clock::manual(START);
    for test in databases_at(clock.clone()).await {
        let workspace = test.workspace("acme").await;
        let mut tx = workspace.write().await.unwrap();
        tx.emit(workspace.id(), "old", "x", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        clock.advance(Duration::from_secs(40 * 24 * 60 * 60));
        let mut tx = workspace.write().await.unwrap();
        tx.emit(workspace.id(), "new", "x", json!({})).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(test.db.forget_old(&db::Retention::default()).await.unwrap(), 1);
        let left = workspace.events(&EventFilter::default(), &PageRequest::default()).await;
        assert_eq!(left.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_done_goes_and_numbers_stay() {
    let clock = Clock::manual(START);
    for test in databases_at(clock.clone()).await {
        let workspace = test.workspace("acme").await;
        let now = clock.now();
        let mut tx = workspace.write().await.unwrap();
        for (id, closed_at) in [("open", None), ("done", Some(now))] {
            let sql = "INSERT INTO tasks (workspace_id, id, kind, about, subject, title, description, \
                 category, priority, impact_score, due_at, status, created_at, closed_at) \
                 VALUES ($1, $2, 'k', $2, '', '', '', '', '', 1, $3, $2, $3, $4)";
            tx.execute(sql, args![workspace.id(), id, now, closed_at]).await.unwrap();
        }
        let sql = "INSERT INTO metrics (workspace_id, subject, platform, date, connection_id, metrics, \
             estimated, raw, fetched_at) \
             VALUES ($1, '', 'x', '2026-01-01', '', '{\"followers\":3}', '{}', '{\"long\":1}', $2)";
        tx.execute(sql, args![workspace.id(), now]).await.unwrap();
        tx.commit().await.unwrap();
        clock.advance(Duration::from_secs(366 * 24 * 60 * 60));
        assert_eq!(test.db.forget_old(&db::Retention::default()).await.unwrap(), 1);
        let mut tx = workspace.read().await.unwrap();
        let tasks = tx.fetch_all("SELECT id FROM tasks", Vec::new()).await.unwrap();
        assert_eq!((tasks.len(), tasks[0].text("id").unwrap()), (1, "open".to_owned()));
        let rows = tx.fetch_all("SELECT metrics, raw FROM metrics", Vec::new()).await.unwrap();
        let text = |column: &str| rows[0].text(column).unwrap();
        assert_eq!((text("metrics").as_str(), text("raw").as_str()), ("{\"followers\":3}", "{}"));
        drop(tx);
        assert_eq!(test.db.forget_old(&db::Retention::default()).await.unwrap(), 0);
    }
}
