#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wgtrace_bpf_fuzz::run(data));
