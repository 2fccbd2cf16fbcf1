//! Which addresses may be fetched: public ones only, checked after the name is resolved.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// https and a host that is not a private address literal. Names are checked when they are resolved.
pub fn check(text: &str, is_loopback_allowed: bool) -> Result<Url, String> {
    let text = text.strip_prefix("webcal://").map_or_else(|| text.to_owned(), |rest| format!("https://{rest}"));
    let url = Url::parse(&text).map_err(|_| "it is not a web address".to_owned())?;
    let is_scheme_fine = url.scheme() == "https" || (is_loopback_allowed && url.scheme() == "http");
    if !is_scheme_fine {
        return Err("it must begin with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not contain a password".to_owned());
    }
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']).to_owned();
    match host.parse::<IpAddr>() {
        Ok(ip) if !is_allowed(ip, is_loopback_allowed) => Err("it points into a private network".to_owned()),
        _ if host.is_empty() => Err("it names no host".to_owned()),
        _ => Ok(url),
    }
}

fn is_allowed(ip: IpAddr, is_loopback_allowed: bool) -> bool {
    is_public(ip) || (is_loopback_allowed && ip.is_loopback())
}

/// Outside every range of the IANA special-purpose registries (RFC 6890 and its successors).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99);
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let is_special = ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfe80
        || (first & 0xffc0) == 0xfec0
        || (first == 0x2001 && second < 0x0200)
        || (first == 0x2001 && second == 0x0db8)
        || first == 0x2002
        // Translations of IPv4, which may be private.
        || (first == 0x0064 && second == 0xff9b)
        || first == 0x0100
        || first == 0;
    !is_special
}

/// Resolves by the system and drops what is private, so that what is connected to is what was checked.
pub struct PublicOnly {
    pub is_loopback_allowed: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let is_loopback_allowed = self.is_loopback_allowed;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.filter(|a| is_allowed(a.ip(), is_loopback_allowed)).collect();
            if found.is_empty() {
                return Err("it points into a private network, or nowhere".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_ranges_are_refused() {
        for text in [
            "http://example.com/a.ics",
            "ftp://example.com/a.ics",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://user:secret@example.com/",
            // 127.0.0.1 written otherwise; the address parser normalises it
            "https://2130706433/",
            "https://0x7f.1/",
            "not an address",
        ] {
            assert!(check(text, false).is_err(), "{text}");
        }
        assert!(check("https://calendar.example.com/a.ics", false).is_ok());
        assert_eq!(check("webcal://calendar.example.com/a.ics", false).expect("allowed").scheme(), "https");
        assert!(check("http://127.0.0.1:4000/a.ics", true).is_ok());
        assert!(check("http://10.0.0.1/a.ics", true).is_err());
    }

    #[tokio::test]
    async fn names_of_private_hosts_resolve_to_nothing() {
        let refused = PublicOnly { is_loopback_allowed: false }.resolve("localhost".parse().expect("a name")).await;
        assert!(refused.is_err());
    }
}
