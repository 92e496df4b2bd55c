/// A random link-layer address of one device, chosen by nobody but us.
///
/// The kernel draws one, too, but then systemd takes the liberty to draw another (`MACAddressPolicy`).
///
/// # Errors
/// When the kernel has no randomness.
pub fn random_mac() -> Result<[u8; 6], getrandom::Error> {
    let mut mac = [0; 6];
    getrandom::fill(&mut mac)?;
    let [first, ..] = &mut mac;
    // IEEE 802-2014 8.2.2: of one device, administered locally.
    *first = *first & !1 | 2;
    Ok(mac)
}
