//! Masks the addresses of people in text that goes to somebody else. In: text, and the addresses that must stay; out:
//! the text with every other address truncated to its network, /24 or /48. It must not know formats: whatever looks
//! like an address is one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The text with all addresses but `keep` truncated.
pub fn truncate_addresses(text: &str, keep: &[IpAddr]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_part) {
        out.push_str(&rest[..at]);
        let end = rest[at..].find(|c| !is_part(c)).map_or(rest.len(), |n| at + n);
        // `Foo::bar` of a program is no address: it goes on in letters.
        let within = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let part = within(rest[..at].chars().next_back()) || within(rest[end..].chars().next());
        let text = &rest[at..end];
        if part && text.contains(':') && !text.contains('.') {
            out.push_str(text);
        } else {
            word(text, keep, &mut out);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Characters that addresses are made of.
fn is_part(c: char) -> bool {
    c.is_ascii_hexdigit() || c == '.' || c == ':'
}

/// Writes a word of such characters: an address, an address with a port, or something else.
fn word(word: &str, keep: &[IpAddr], out: &mut String) {
    // A colon or a full stop at the end belongs to the sentence, unless it is `::`.
    let bare = if word.ends_with("::") { word } else { word.trim_end_matches([':', '.']) };
    let (start, bare) = match bare.starts_with("::") {
        true => ("", bare),
        false => bare.split_at(bare.len() - bare.trim_start_matches([':', '.']).len()),
    };
    let end = &word[start.len() + bare.len()..];
    let masked = address(bare, keep).or_else(|| {
        let (host, port) = bare.rsplit_once(':')?;
        (port.bytes().all(|b| b.is_ascii_digit()) && !host.contains(':'))
            .then(|| address(host, keep).map(|masked| format!("{masked}:{port}")))?
    });
    out.push_str(start);
    out.push_str(masked.as_deref().unwrap_or(bare));
    out.push_str(end);
}

/// The network of an address; the address itself when it is kept, `None` for no address.
fn address(text: &str, keep: &[IpAddr]) -> Option<String> {
    let found: IpAddr = text.parse().ok()?;
    if keep.contains(&found) || is_network(found) {
        return Some(text.to_string());
    }
    Some(match found {
        IpAddr::V4(v4) => network_4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => network_4(v4),
            None => network_6(v6),
        },
    })
}

/// True for what names no machine any more: a network, or the version of a browser that ends in zeros.
fn is_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[3] == 0,
        IpAddr::V6(v6) => v6.segments()[3..].iter().all(|part| *part == 0),
    }
}

fn network_4(address: Ipv4Addr) -> String {
    let [a, b, c, _] = address.octets();
    format!("{a}.{b}.{c}.0/24")
}

fn network_6(address: Ipv6Addr) -> String {
    let [a, b, c, ..] = address.segments();
    format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_of_people_become_networks_and_those_of_machines_stay() {
        let keep = ["10.0.0.11".parse().unwrap(), "fd00::11".parse().unwrap()];
        for (text, masked) in [
            ("192.0.2.77 - - [x] \"GET / HTTP/1.1\"", "192.0.2.0/24 - - [x] \"GET / HTTP/1.1\""),
            ("client: 192.0.2.77, server: a", "client: 192.0.2.0/24, server: a"),
            ("from 192.0.2.77:43717.", "from 192.0.2.0/24:43717."),
            ("xff=\"2001:db8:1:2::9\"", "xff=\"2001:db8:1::/48\""),
            ("[2001:db8:1:2::9]:443", "[2001:db8:1::/48]:443"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("10.0.0.11:8080 and fd00::11", "10.0.0.11:8080 and fd00::11"),
            ("17:49:06 1.5 s, f00:bar, 3.4.5", "17:49:06 1.5 s, f00:bar, 3.4.5"),
            ("xff=192.0.2.0/24 Chrome/120.0.0.0", "xff=192.0.2.0/24 Chrome/120.0.0.0"),
            ("Shop\\Cart::add() in std::cell", "Shop\\Cart::add() in std::cell"),
        ] {
            assert_eq!(truncate_addresses(text, &keep), masked);
        }
    }

    proptest! {
        #[test]
        fn no_address_survives(a: [u8; 4], before in "[ =\",\\[(]", after in "[ ;,\"\\]:.)]") {
            let last = a[3].max(1);
            let address = format!("{}.{}.{}.{last}", a[0], a[1], a[2]);
            let masked = truncate_addresses(&format!("x{before}{address}{after}"), &[]);
            let network = format!("{}.{}.{}.0/24", a[0], a[1], a[2]);
            prop_assert!(masked.contains(&network), "{}", masked);
        }
    }
}
