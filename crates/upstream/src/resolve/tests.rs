use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig};
use tokio::net::UdpSocket;

use super::*;

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

#[test]
fn localhost_is_this_machine() {
    let resolver = Resolver::new();
    for name in ["localhost", "LOCALHOST"] {
        let resolved = block_on(resolver.resolve(name)).unwrap();
        assert_eq!(resolved.addresses, [IpAddr::V4(Ipv4Addr::LOCALHOST)], "{name}");
        assert!(VALID_FOR.contains(&resolved.valid_for), "{resolved:?}");
    }
}

#[test]
fn a_name_that_nobody_may_have_has_no_address() {
    // RFC 6761: never resolves, and good resolvers do not even ask.
    let error = block_on(Resolver::new().resolve("nobody.invalid")).unwrap_err();
    assert!(error.to_string().contains("nobody.invalid"), "{error}");
}

#[test]
fn an_address_is_its_own_answer() {
    let resolver = Resolver::new();
    let resolved = block_on(resolver.resolve("::1")).unwrap();
    assert_eq!(resolved.addresses, [IpAddr::V6(Ipv6Addr::LOCALHOST)]);
}

/// What a name server says to a question for one family.
#[derive(Clone, Copy)]
enum Says {
    Addresses(&'static [(&'static str, u32)]),
    NoSuchName,
    Fails,
}

#[test]
fn answers_are_sorted_and_valid_for_their_shortest_ttl() {
    let four = Says::Addresses(&[("10.0.0.2", 60), ("10.0.0.1", 30), ("10.0.0.2", 90)]);
    let six = Says::Addresses(&[("2001:db8::1", 0)]);
    let none = Says::Addresses(&[]);
    for (ipv4, ipv6, expected) in [
        (four, six, Ok((vec!["10.0.0.1", "10.0.0.2"], 30))),
        (none, six, Ok((vec!["2001:db8::1"], 1))),
        (Says::Addresses(&[("10.0.0.1", 86_400)]), none, Ok((vec!["10.0.0.1"], 300))),
        (none, none, Err("has no address")),
        (Says::NoSuchName, Says::NoSuchName, Err("has no address")),
        // A server that fails says nothing about the family: no move to IPv6.
        (Says::Fails, six, Err("cannot resolve")),
    ] {
        let outcome = block_on(ask_server(ipv4, ipv6));
        match (outcome, expected) {
            (Ok(resolved), Ok((addresses, seconds))) => {
                let found: Vec<String> =
                    resolved.addresses.iter().map(ToString::to_string).collect();
                assert_eq!(found, addresses);
                assert_eq!(resolved.valid_for, Duration::from_secs(seconds), "{addresses:?}");
            }
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error}"),
            (outcome, expected) => panic!("{outcome:?} is not {expected:?}"),
        }
    }
}

/// Asks a name server of our own for `app.example.`.
async fn ask_server(ipv4: Says, ipv6: Says) -> Result<Resolved, ResolveError> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let resolver = resolver_of(socket.local_addr().unwrap());
    tokio::select! {
        answer = resolver.resolve("app.example.") => answer,
        () = serve(socket, ipv4, ipv6) => unreachable!("it serves for ever"),
    }
}

fn resolver_of(server: SocketAddr) -> Resolver {
    let build = |strategy| {
        let mut connection = ConnectionConfig::udp();
        connection.port = server.port();
        let server = NameServerConfig::new(server.ip(), true, vec![connection]);
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let provider = TokioRuntimeProvider::default();
        build_of(TokioResolver::builder_with_config(config, provider), strategy).unwrap()
    };
    let (ipv4, ipv6) = (build(LookupIpStrategy::Ipv4Only), build(LookupIpStrategy::Ipv6Only));
    let system = System { made_of: fingerprint(), ipv4, ipv6 };
    Resolver { system: Mutex::new(Some(system)) }
}

async fn serve(socket: UdpSocket, ipv4: Says, ipv6: Says) {
    let mut bytes = [0; 512];
    loop {
        let (length, client) = socket.recv_from(&mut bytes).await.unwrap();
        let question = bytes[..length].to_vec();
        // The type stands behind the name's final zero.
        let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
        let says = if question[end - 3] == 1 { ipv4 } else { ipv6 };
        socket.send_to(&answer(&question[..end], says), client).await.unwrap();
    }
}

/// Header and question as asked, then one record for each address.
fn answer(question: &[u8], says: Says) -> Vec<u8> {
    let (code, records) = match says {
        Says::Addresses(records) => (0, records),
        Says::NoSuchName => (3, [].as_slice()),
        Says::Fails => (2, [].as_slice()),
    };
    let mut message = question.to_vec();
    message[2..12].copy_from_slice(&[0x81, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    for (address, ttl) in records {
        let (kind, data) = match address.parse().unwrap() {
            IpAddr::V4(address) => (1, address.octets().to_vec()),
            IpAddr::V6(address) => (28, address.octets().to_vec()),
        };
        // The name is the one at offset 12.
        message.extend([0xc0, 12, 0, kind, 0, 1]);
        message.extend(ttl.to_be_bytes());
        message.extend([0, data.len() as u8]);
        message.extend(data);
    }
    message
}
