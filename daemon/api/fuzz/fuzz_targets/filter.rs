#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wgtrace_api_fuzz::filter(data));
