//! An EC2 box: a metadata service on loopback, in each of its moods. Nothing else is set.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::time::Duration;

use serde_json::json;

use super::peer::Peer;
use super::{bedrock, signed_by};
use crate::support::{Answer, Asked, Outcome, Quarry, Responder, SONNET, nobody_there, simulator};

/// How much longer a command may take that finds no instance than one that does not look for it.
const SOON: Duration = Duration::from_secs(2);

/// Runs a command that has to end soon. The machine may be busy, so the measure is what the command takes without a lookup, and one
/// of three runs has to keep to it.
fn soon(quarry: &Quarry, command: &[&str]) -> Outcome {
    let mut times = Vec::new();
    for _ in 0..3 {
        let without = Quarry::new().run(command).took;
        let outcome = quarry.run(command);
        if outcome.took < without + SOON {
            return outcome;
        }
        times.push((outcome.took, without));
    }
    panic!("{command:?} took {times:?} with a lookup and without")
}

/// A box with its metadata service there.
fn ec2(metadata: &str) -> Quarry {
    Quarry::new().set("AWS_EC2_METADATA_DISABLED", "false").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata)
}

#[test]
#[ignore = "peers: Python"]
fn a_box_with_a_role_lists_models_and_answers() {
    let moto = Peer::moto();
    let quarry = ec2(&moto.endpoint).set("AWS_ENDPOINT_URL", simulator());
    let listed = quarry.run(&["models", "list", "--plain"]);
    assert!(listed.succeeded().stdout.contains(SONNET), "{listed:?}");
    let answered = quarry.run(&["chat", "--model", SONNET, "hello"]);
    assert!(!answered.succeeded().stdout.is_empty(), "{answered:?}");
}

#[test]
#[ignore = "peers: Python"]
fn the_quick_setup_of_the_page_works_as_written() {
    let page = include_str!("../../../../../docs/getting-started/ec2.md");
    let (_, section) = page.split_once("Then, on the instance:").expect("the page has it");
    let commands: Vec<&str> =
        section.lines().skip_while(|line| !line.starts_with("quarry ")).take_while(|line| *line != "```").collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    let moto = Peer::moto();
    let quarry = ec2(&moto.endpoint).set("AWS_ENDPOINT_URL", simulator());
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').skip(1).map(|word| word.trim_matches('"')).collect();
        let outcome = quarry.run(&arguments);
        assert_eq!(outcome.code, Some(0), "{command}: {outcome:?}");
    }
}

#[test]
fn no_instance_is_asked_where_an_earlier_source_has_credentials() {
    let metadata = Responder::start(|_| Answer::error(500, &[], "nobody should ask"));
    let bedrock = bedrock();
    let quarry = || ec2(&metadata.endpoint).set("AWS_ENDPOINT_URL_BEDROCK", &bedrock.endpoint);
    let keys = "[default]\naws_access_key_id = AKIDDEFAULT0004\naws_secret_access_key = s\n";
    for quarry in [
        quarry().set("AWS_BEARER_TOKEN_BEDROCK", "token"),
        quarry().set("AWS_ACCESS_KEY_ID", "AKIDENV0001").set("AWS_SECRET_ACCESS_KEY", "s"),
        quarry().file(".aws/credentials", keys),
        quarry().file(".aws/credentials", keys).set("AWS_PROFILE", "default"),
    ] {
        assert_eq!(quarry.run(&["auth", "status", "--check"]).succeeded().code, Some(0));
    }
    // A profile that is named and missing is an error, and no reason to be somebody else.
    let missing = quarry().set("AWS_PROFILE", "wrok").run(&["auth", "status"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.stdout.contains("the profile wrok does not exist"), "{missing:?}");
    assert_eq!(metadata.asked().len(), 0);
}

#[test]
fn a_service_that_is_not_there_or_silent_ends_the_command_soon() {
    // It accepts connections, by its backlog, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let silent = format!("http://{}", silent_address(&silent));
    for (metadata, told) in [(silent.as_str(), "timed out"), (&nobody_there(), "refused")] {
        let status = soon(&ec2(metadata), &["auth", "status"]);
        assert_eq!(status.code, Some(1), "{status:?}");
        assert!(status.stdout.contains("instance role: the metadata service cannot be reached"), "{status:?}");
        assert!(status.stdout.to_lowercase().contains(told), "{told}: {status:?}");
        for command in [&["models", "list"][..], &["chat", "--model", SONNET, "hello"]] {
            let outcome = soon(&ec2(metadata).set("AWS_ENDPOINT_URL", simulator()), command);
            assert_eq!(outcome.code, Some(1), "{outcome:?}");
            assert!(outcome.stderr.contains("credentials"), "{outcome:?}");
        }
    }
}

/// The listener lives as long as the test program.
fn silent_address(listener: &TcpListener) -> std::net::SocketAddr {
    let kept = listener.try_clone().expect("it can be kept");
    std::mem::forget(kept);
    listener.local_addr().expect("it is bound")
}

/// A metadata service that answers the token's path so, and that of the roles. IMDSv1 is off: whoever comes without a token gets
/// 401, whatever is asked.
fn metadata(token: Answer, roles: Answer) -> Responder {
    metadata_on(Ipv4Addr::LOCALHOST.into(), token, roles)
}

fn metadata_on(address: IpAddr, token: Answer, roles: Answer) -> Responder {
    Responder::start_on(address, move |asked| match asked.path.as_str() {
        "/latest/api/token" => token.clone(),
        _ if asked.headers.get("x-aws-ec2-metadata-token").is_none_or(|sent| *sent != token.body) => plain(401, ""),
        "/latest/meta-data/iam/security-credentials/" => roles.clone(),
        "/latest/meta-data/placement/region" => plain(200, "eu-west-1"),
        _ => Answer::json(&json!({
            "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "AKIDINSTANCE0009", "SecretAccessKey": "s", "Token": "t",
            "Expiration": "2999-01-01T00:00:00Z",
        })),
    })
}

fn token() -> Answer {
    Answer { status: 200, headers: &[("x-aws-ec2-metadata-token-ttl-seconds", "21600")], body: "imds-token".to_owned() }
}

fn plain(status: u16, body: &str) -> Answer {
    Answer { status, headers: &[], body: body.to_owned() }
}

#[test]
fn only_the_second_version_of_the_protocol_is_spoken() {
    let service = metadata(token(), plain(200, "box-role"));
    let bedrock = bedrock();
    let quarry = ec2(&service.endpoint).set("AWS_ENDPOINT_URL_BEDROCK", &bedrock.endpoint);
    let status = quarry.run(&["auth", "status", "--check", "--json"]);
    assert_eq!((status.code, &status.json()["role"]), (Some(0), &json!("box-role")), "{status:?}");
    assert_eq!(signed_by(&bedrock), "AKIDINSTANCE0009");
    assert_eq!(status.json()["instanceRegion"], "eu-west-1", "{status:?}");
    // Whoever comes without a token gets 401, and nobody did.
    let asked = service.asked();
    let with_token = |asked: &&Asked| asked.headers.contains_key("x-aws-ec2-metadata-token");
    assert_eq!((asked.len(), asked.iter().filter(with_token).count()), (4, 3), "{asked:?}");
}

#[test]
fn a_service_with_an_address_of_ipv6_is_asked_there() {
    let service = metadata_on(Ipv6Addr::LOCALHOST.into(), token(), plain(200, "box-role"));
    assert!(service.endpoint.starts_with("http://[::1]:"), "{}", service.endpoint);
    let bedrock = bedrock();
    let quarry = ec2(&service.endpoint)
        .set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6")
        .set("AWS_ENDPOINT_URL_BEDROCK", &bedrock.endpoint);
    let status = quarry.run(&["auth", "status", "--check", "--json"]);
    assert_eq!((status.code, &status.json()["role"]), (Some(0), &json!("box-role")), "{status:?}");
    assert_eq!(signed_by(&bedrock), "AKIDINSTANCE0009");
}

#[test]
fn a_service_that_wants_a_token_gets_one_before_anything_else() {
    let with_token = |asked: &Asked| asked.headers.contains_key("x-aws-ec2-metadata-token");
    let service = metadata(token(), plain(200, "box-role"));
    let quarry = ec2(&service.endpoint).set("AWS_ENDPOINT_URL", simulator());
    for command in [&["models", "list", "--plain"][..], &["chat", "--model", SONNET, "hello"], &["auth", "status"]] {
        let before = service.asked().len();
        soon(&quarry, command).succeeded();
        let asked = service.asked().split_off(before);
        assert_eq!(asked[0].path, "/latest/api/token", "{asked:?}");
        let asks = |asked: &Asked| asked.path == "/latest/api/token" || with_token(asked);
        assert!(asked.len() > 1 && asked.iter().all(asks), "{asked:?}");
    }
}

#[test]
fn a_box_that_asks_another_region_than_its_own_is_told() {
    let service = metadata(token(), plain(200, "box-role"));
    let doctor = ec2(&service.endpoint).set("AWS_ENDPOINT_URL", simulator()).run(&["doctor"]);
    assert!(
        doctor.stdout.contains("! region       us-east-1 (defaults); this instance is in eu-west-1\n"),
        "{doctor:?}"
    );
    assert!(doctor.stdout.contains("export AWS_REGION=eu-west-1"), "{doctor:?}");
}

#[test]
fn a_service_that_refuses_is_told_for_what_it_is() {
    for (token, roles, told) in [
        (token(), plain(404, ""), "instance role: no role is attached to this instance"),
        (token(), plain(401, ""), "the metadata service answered 401 to the request for the role"),
        (plain(403, ""), plain(401, ""), "the metadata service returned no token for IMDSv2"),
    ] {
        let service = metadata(token, roles);
        let status = soon(&ec2(&service.endpoint), &["auth", "status"]);
        assert_eq!(status.code, Some(1), "{status:?}");
        assert!(status.stdout.contains(told), "{told}: {status:?}");
        assert!(status.stderr.contains("What to do: "), "{status:?}");
    }
}
