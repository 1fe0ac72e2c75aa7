//! Backups while the house is at work, and a disk that fills up.

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

use crate::running::Plan;
use crate::world::{World, push};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_house_can_be_restored() {
    let world = World::new().await;
    let hook = world.webhook("hush", json!({})).await;
    let (feed, path) = world.feed(&hook, json!({ "mode": "push" })).await;
    push(&world.owner, &path, "hush", &json!({ "n": 1 })).await.expect(200);
    world.data_when(&feed, "it is applied", |data| data["version"] == 1).await;

    let file = world.plan.file("copy.backup");
    let file = file.to_str().unwrap();
    let made = world.plan.succeed(&["backup", file]).await;
    assert_eq!(made["workspaces"], 1);
    let again = world.plan.run(&["backup", file]).await;
    assert!(!again.status.success(), "a backup is not written over");
    push(&world.owner, &path, "hush", &json!({ "n": 2 })).await.expect(200);
    world.data_when(&feed, "it is applied", |data| data["version"] == 2).await;

    let early = world.plan.run(&["restore", file]).await;
    assert!(!early.status.success(), "a database in use is not replaced");
    assert_eq!(world.data(&feed).await["version"], 2, "and nothing has happened to it");
    let broken = world.plan.file("broken.backup");
    std::fs::write(&broken, b"not a database").unwrap();
    let World { plan, server, owner, .. } = world;
    let (status, _, log) = server.stop().await;
    assert!(status.success(), "{log}");
    let refused = plan.run(&["restore", broken.to_str().unwrap()]).await;
    assert!(!refused.status.success(), "what is no backup is not put in place");

    let restored = plan.succeed(&["restore", file]).await;
    assert!(Path::new(restored["before"].as_str().unwrap()).exists(), "the old file stays");
    let server = plan.serve().await;
    let owner = owner.at(server.client.address);
    let data = owner.get(&format!("/api/v1/feeds/{feed}/data")).await.expect(200);
    assert_eq!((&data["version"], &data["data"]), (&json!(1), &json!({ "n": 1 })));
    push(&owner, &path, "hush", &json!({ "n": 3 })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else { return };
    let world = World::of(Plan::new().at(folder.path())).await;
    let hook = world.webhook("hush", json!({})).await;
    let (feed, path) = world.feed(&hook, json!({ "mode": "push" })).await;
    // Filling it from outside is quicker than with pushes alone.
    let filler = folder.path().join("filler");
    disk.fill_with(&filler);
    let large = "x".repeat(16 * 1024);
    let mut taken = Vec::new();
    let refused = loop {
        let body = json!({ "n": taken.len(), "x": large });
        let answer = push(&world.owner, &path, "hush", &body).await;
        match answer.status {
            200 => taken.push(body["n"].clone()),
            _ => break answer,
        }
        assert!(taken.len() < 5_000, "the disk fills up");
    };
    let said = || format!("{} {}\n{}", refused.status, refused.text(), world.server.log());
    assert!([503, 507].contains(&refused.status), "{}", said());
    let codes = ["server.storage_full", "server.unavailable"];
    assert!(codes.contains(&refused.code().as_str()), "{}", refused.text());
    let written = world.owner.post("/api/v1/widgets", json!({ "slug": "x", "name": "X" })).await;
    let said = || format!("{} {}\n{}", written.status, written.text(), world.server.log());
    assert!([201, 503, 507].contains(&written.status), "{}", said());
    assert_eq!(world.owner.get(&format!("/api/v1/feeds/{feed}/data")).await.status, 200);

    std::fs::remove_file(&filler).unwrap();
    crate::running::eventually("it takes pushes again", async || {
        let body = json!({ "n": "after" });
        (push(&world.owner, &path, "hush", &body).await.status == 200).then_some(())
    })
    .await;
    let World { plan, server, owner, .. } = world;
    server.kill().await;
    let server = plan.serve().await;
    let inbox = everything(&owner.at(server.client.address)).await;
    for n in &taken {
        assert_eq!(inbox.iter().filter(|one| one["payload"]["n"] == *n).count(), 1, "{n}");
    }
    server.stop().await;
    drop(disk);
}

async fn everything(owner: &crate::client::Client) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("/api/v1/inbound-events?limit=200{cursor}");
        let page = owner.get(&page).await.expect(200);
        found.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// A file system of a few megabytes; only root can make one.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    const SIZE: u64 = 24 * 1024 * 1024;
    /// What is left free when it is filled from outside.
    const LEFT: u64 = 2 * 1024 * 1024;

    fn mount(at: &Path) -> Option<Self> {
        let options = format!("size={}", Self::SIZE);
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at);
        let done = mount.output().is_ok_and(|done| done.status.success());
        done.then(|| Self(at.to_owned()))
    }

    fn fill_with(&self, filler: &Path) {
        let used: u64 = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        let most = Self::SIZE.saturating_sub(used + Self::LEFT) as usize;
        // As much as there is room for, down to what shall be left.
        std::fs::write(filler, vec![1u8; most]).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).output());
    }
}
