//! What a probe reports.

use crate::trust;
use crate::world::{Names, Reply, Server, World, config, dead_port};
use kernel::{Secret, codes};

fn steps(probe: &egress::Probe) -> Vec<(&'static str, bool)> {
    probe.steps.iter().map(|step| (step.name, step.ok)).collect()
}

#[tokio::test]
async fn each_step_is_reported() {
    let server = trust::good().await;
    let world = trust::world();
    let url = format!("https://good.example:{}/", server.port);
    let probe = world.egress.probe(world.get(&url)).await;
    let all =
        [("dns", true), ("connect", true), ("tls", true), ("request", true), ("status", true)];
    assert_eq!(steps(&probe), all);
    assert_eq!(probe.steps[0].detail, "127.0.0.1");
    assert_eq!(probe.steps[1].detail, format!("connected to 127.0.0.1:{}", server.port));
    assert_eq!(probe.steps[2].detail, "TLS 1.3, certificate accepted");
    assert!(probe.steps[3].detail.starts_with("7 bytes in "), "{}", probe.steps[3].detail);
    assert_eq!(probe.steps[4].detail, "200 OK");
    assert_eq!(&probe.response.unwrap().body[..], b"trusted");
}

#[tokio::test]
async fn the_first_failure_ends_it() {
    let busy = Server::replies(vec![Reply::status(503, &[], "busy")]).await;
    let mute = Server::replies(vec![Reply::raw("")]).await;
    let names = Names::default().with("inside.example", &[&["10.0.0.5"]]);
    let world = World::with(config(), names);
    let dead = format!("http://127.0.0.1:{}/", dead_port().await);
    let connected = [("dns", true), ("connect", true)];
    for (url, ends, code) in [
        ("http://nowhere.example/", vec![("dns", false)], Some(&codes::EGRESS_DNS)),
        ("http://inside.example/", vec![("dns", false)], Some(&codes::EGRESS_FORBIDDEN)),
        (&dead, vec![("dns", true), ("connect", false)], Some(&codes::EGRESS_CONNECT)),
        (
            &mute.url("/"),
            [&connected[..], &[("request", false)]].concat(),
            Some(&codes::EGRESS_BROKEN),
        ),
        (&busy.url("/"), [&connected[..], &[("request", true), ("status", false)]].concat(), None),
    ] {
        let probe = world.egress.probe(world.get(url)).await;
        assert_eq!(steps(&probe), ends, "{url}");
        assert_eq!(probe.error.map(|error| error.code()), code, "{url}");
    }
    assert_eq!(busy.requests().len(), 1, "a probe is not repeated");
}

#[tokio::test]
async fn a_probe_hides_secrets_too() {
    let world = World::new();
    let mut request = world.get("http://s3cr3tvalue.example/");
    request.hidden = vec![Secret::from("s3cr3tvalue".to_owned())];
    let probe = world.egress.probe(request).await;
    assert!(!format!("{probe:?}").contains("s3cr3t"), "{probe:?}");
}
