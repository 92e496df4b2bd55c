//! What is another one each time, by its shape.

use std::net::Ipv4Addr;

/// A line without what is another one each time: times, counts, numbers of processes and ports, keys, names of cables. Columns
/// may have other widths. Addresses are those of the lab's plan, and stay.
pub(super) fn line(line: &str) -> String {
    let mut masked = Vec::new();
    for word in line.split_whitespace() {
        let mut of_word = String::new();
        for part in word.split_inclusive(is_between) {
            let (part, between) = match part.char_indices().next_back() {
                Some((at, last)) if is_between(last) => part.split_at(at),
                _ => (part, ""),
            };
            of_word.push_str(&mask(part));
            of_word.push_str(between);
        }
        masked.push(of_word);
    }
    masked.join(" ")
}

fn mask(part: &str) -> String {
    if let Some(before) = part.strip_suffix(':') {
        return mask(before) + ":";
    }
    if part.is_empty() || is_address(part) {
        return part.to_owned();
    }
    if let Some((address, port)) = part.rsplit_once(':')
        && is_address(address)
        && let Ok(port) = port.parse::<u16>()
    {
        return if port < EPHEMERAL { part.to_owned() } else { format!("{address}:PORT") };
    }
    if part.len() == KEY && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte)) {
        return "KEY".to_owned();
    }
    if part.strip_prefix("lxc").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return "lxc..".to_owned();
    }
    if part.starts_with(|first: char| first.is_ascii_digit()) { "N".to_owned() } else { part.to_owned() }
}

fn is_address(text: &str) -> bool {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    address.parse::<Ipv4Addr>().is_ok()
}

/// The last of them ends a key.
fn is_between(c: char) -> bool {
    "()[]{},;'\"<>=".contains(c)
}

/// Of a key in base64, without what fills its end.
const KEY: usize = 43;
// linux: net.ipv4.ip_local_port_range
const EPHEMERAL: u16 = 32_768;

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn what_is_another_one_each_time_is_masked_and_the_rest_is_not() {
        let shown = "09:12:24.280618 lxc12ab  IP 10.0.1.203:43122 > 10.96.142.173:80: length 64 (762us)";
        assert_eq!(line(shown), "N lxc.. IP 10.0.1.203:PORT > 10.96.142.173:80: length N (N)");
        let shown = "peer: kcjf58uzouiqXqOtIjMrSJ6v0zUFznOzRVatnoCX0j8= 10.0.1.0/24 ENCRYPTED ttl=60";
        assert_eq!(line(shown), "peer: KEY= 10.0.1.0/24 ENCRYPTED ttl=N");
    }
}
