use std::fmt;
use std::path::PathBuf;

use crate::wireguard::DeviceName;

/// A setting of the kernel's that each network namespace has for itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sysctl {
    device: Option<DeviceName>,
    /// Below `net/ipv4`.
    key: &'static str,
}

impl Sysctl {
    /// Whether packets of others are passed on at all.
    pub const IP_FORWARD: Self = Self { device: None, key: "ip_forward" };
    /// The least that the check of senders' addresses is on any device: the stricter of this and the device's counts.
    pub const RP_FILTER: Self = Self { device: None, key: "conf/all/rp_filter" };

    /// A setting of one device.
    pub fn of(device: &DeviceName, key: &'static str) -> Self {
        Self { device: Some(device.clone()), key }
    }

    /// The device whose setting it is.
    pub fn device(&self) -> Option<&DeviceName> {
        self.device.as_ref()
    }

    /// The file in which it is.
    pub fn path(&self) -> PathBuf {
        let below = PathBuf::from("/proc/sys/net/ipv4");
        match &self.device {
            Some(device) => below.join("conf").join(device.as_str()).join(self.key),
            None => below.join(self.key),
        }
    }
}

/// As sysctl(8) takes it, which separates by dots and so writes a device's dots as slashes.
impl fmt::Display for Sysctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("net.ipv4.")?;
        if let Some(device) = &self.device {
            write!(f, "conf.{}.", device.as_str().replace('.', "/"))?;
        }
        f.write_str(&self.key.replace('/', "."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_with_a_dot_is_one_part_of_the_name() {
        let sysctl = Sysctl::of(&"eth0.100".parse().unwrap(), "rp_filter");
        assert_eq!(sysctl.to_string(), "net.ipv4.conf.eth0/100.rp_filter");
        assert_eq!(sysctl.path().to_str().unwrap(), "/proc/sys/net/ipv4/conf/eth0.100/rp_filter");
        assert_eq!(Sysctl::RP_FILTER.to_string(), "net.ipv4.conf.all.rp_filter");
        assert_eq!(Sysctl::IP_FORWARD.path().to_str().unwrap(), "/proc/sys/net/ipv4/ip_forward");
    }
}
