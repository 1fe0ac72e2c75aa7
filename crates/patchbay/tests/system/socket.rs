//! A WebSocket on `/api/v1/live`.

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::client::Client;

pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub(crate) async fn open(client: &Client) -> Self {
        let url = format!("ws://{}/api/v1/live", client.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in client.headers() {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(client.address).await.unwrap();
        let (socket, _) = client_async(request, stream).await.expect("the socket opens");
        Self(socket)
    }

    pub(crate) async fn subscribe(&mut self, ids: &[&str]) {
        let text = json!({ "subscribe": ids }).to_string();
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Waits until the other side closes it, and returns the code it gives.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(30), self.0.next()).await;
            if let Message::Close(why) = next.expect("an end in time").expect("a farewell").unwrap()
            {
                return why.expect("a reason").code.into();
            }
        }
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(30), self.0.next()).await;
            match next.expect("a message in time").expect("the socket stays open").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(_) => panic!("the socket was closed"),
                _ => {}
            }
        }
    }
}
