//! Answers that are too large, packed too tight, or not answers at all.

use crate::world::{Reply, Server, World};
use egress::{EgressError, Limits, RetryPolicy};
use kernel::codes;
use std::io::Write;

const MEGABYTE: u64 = 1024 * 1024;

async fn fetch(reply: Reply) -> Result<Vec<u8>, EgressError> {
    let server = Server::replies(vec![reply]).await;
    let world = World::new();
    let mut request = world.get(&server.url("/"));
    request.limits = Some(Limits { max_body: MEGABYTE, ..Limits::default() });
    request.retry = RetryPolicy::never();
    world.egress.send(request).await.map(|answer| answer.body.to_vec())
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(body).unwrap();
    packer.finish().unwrap()
}

fn brotli(mut body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
    brotli::BrotliCompress(&mut body, &mut packed, &params).unwrap();
    packed
}

#[tokio::test]
async fn compressed_answers_are_unpacked() {
    for (encoding, body) in [("gzip", gzip(b"hello")), ("br", brotli(b"hello"))] {
        let reply = Reply::status(200, &[("content-encoding", encoding)], body);
        assert_eq!(fetch(reply).await.unwrap(), b"hello", "{encoding}");
    }
}

#[tokio::test]
async fn bombs_are_stopped_at_the_limit() {
    let zeros = vec![0; 50 * MEGABYTE as usize];
    for (encoding, bomb) in [("gzip", gzip(&zeros)), ("br", brotli(&zeros))] {
        assert!((bomb.len() as u64) < MEGABYTE);
        let reply = Reply::status(200, &[("content-encoding", encoding)], bomb);
        let error = fetch(reply).await.unwrap_err();
        assert_eq!(error.code(), &codes::EGRESS_TOO_LARGE, "{encoding}: {error}");
    }
}

#[tokio::test]
async fn large_answers_are_refused_with_and_without_a_length() {
    let body = vec![b'x'; MEGABYTE as usize + 1];
    let announced =
        Reply::hold(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()));
    assert_eq!(fetch(announced).await.unwrap_err().code(), &codes::EGRESS_TOO_LARGE);
    let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let streamed = Reply::hold([&head[..], &body].concat());
    assert_eq!(fetch(streamed).await.unwrap_err().code(), &codes::EGRESS_TOO_LARGE);
    let just = Reply::raw([&head[..], &body[1..]].concat());
    assert_eq!(fetch(just).await.unwrap().len() as u64, MEGABYTE);
}

#[tokio::test]
async fn what_is_not_http_says_so() {
    for (reply, says) in [
        (Reply::raw("SSH-2.0-OpenSSH_9.2\r\n"), "it is not HTTP"),
        (Reply::raw([0xff, 0x00, 0xfe, b'\n']), "it is not HTTP"),
        (Reply::raw(""), "closed"),
        (Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"), "closed"),
        (
            Reply::status(200, &[("content-encoding", "gzip")], "this is no gzip"),
            "it cannot be decompressed",
        ),
    ] {
        let error = fetch(reply).await.unwrap_err();
        assert_eq!(error.code(), &codes::EGRESS_BROKEN, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn an_answer_is_cut_where_that_is_asked_for() {
    for (size, kept) in [(10, 10), (64, 64), (65, 64), (3_000_000, 64)] {
        let server = Server::replies(vec![Reply::ok("x".repeat(size))]).await;
        let world = World::new();
        let mut request = world.get(&server.url("/"));
        request.limits = Some(Limits { max_body: 64, ..Limits::default() });
        request.cuts = true;
        let answer = world.egress.send(request).await.unwrap();
        assert_eq!(answer.body.len(), kept, "{size}");
    }
}
