//! Frames of pods.

use wgtrace_lab::Pod;
use wgtrace_testbed::frame::ethernet;

use crate::planted::{IPV4, datagram};

/// A datagram that a pod sends by its own device.
pub(crate) fn from_pod(pod: &Pod, from: &str, to: &str) -> Vec<u8> {
    ethernet(mac(pod.host_mac()), mac(pod.mac()), IPV4, &datagram(from, to))
}

fn mac(text: &str) -> [u8; 6] {
    let bytes: Vec<u8> = text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    bytes.try_into().unwrap()
}
