//! Who has to do something is written to, through a mail server that speaks plain SMTP.

use sandbox::Service;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::running::{Plan, eventually};
use crate::world::{World, text};

type Letters = Arc<Mutex<Vec<String>>>;

/// A mail server that keeps what it is given, and refuses the first letter.
async fn mail_server() -> (String, Letters) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let letters = Letters::default();
    let kept = letters.clone();
    tokio::spawn(async move {
        let mut refused = false;
        while let Ok((stream, _)) = listener.accept().await {
            drop(take(stream, &kept, &mut refused).await);
        }
    });
    (url, letters)
}

/// One conversation (RFC 5321).
async fn take(stream: TcpStream, letters: &Letters, refused: &mut bool) -> std::io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 here\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => b"250 here\r\n",
            "DATA" if !std::mem::replace(refused, true) => b"451 later\r\n",
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await?;
                let mut letter = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    letter.push_str(&line);
                    letter.push('\n');
                }
                letters.lock().unwrap().push(letter);
                b"250 kept\r\n"
            }
            "QUIT" => {
                writing.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 well\r\n",
        };
        writing.write_all(answer).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_connection_is_mailed_once_to_who_can_mend_it() {
    let (url, letters) = mail_server().await;
    let plan = Plan::new().flag("--smtp-url", &url).flag("--mail-from", "Patchbay <p@example.com>");
    let world = World::of(plan).await;
    let integration = world.oauth(json!({})).await;
    let id = text(&world.connected(&integration, "").await["id"]);
    world.sandbox.platform(Service::Oauth).unwrap().revoke(None);
    for _ in 0..2 {
        let path = format!("/api/v1/connections/{id}/refresh");
        assert_eq!(world.owner.post(&path, json!({})).await.status, 422);
    }
    let letter = eventually("a letter", async || letters.lock().unwrap().first().cloned()).await;
    assert!(letter.contains("Subject: Reconnect By the book"), "{letter}");
    assert!(letter.contains("From: Patchbay <p@example.com>"), "{letter}");
    assert!(letter.contains(world.server.client.address.to_string().as_str()), "{letter}");
    assert_eq!(letters.lock().unwrap().len(), 1);
}
