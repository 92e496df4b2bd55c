#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wgtrace_tunnel_fuzz::run(data));
