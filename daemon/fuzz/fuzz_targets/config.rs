#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wgtraced_fuzz::run(data));
