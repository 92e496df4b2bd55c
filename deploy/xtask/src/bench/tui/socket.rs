//! A gRPC service whose messages are ready: nothing of what is measured is spent on making them.

use std::convert::Infallible;
use std::task::{Context, Poll};

use futures_util::stream::BoxStream;
use prost::bytes::{Buf as _, BufMut as _};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, Bytes, Service, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::{Request, Response, Status};

/// Messages of a method, by its name.
pub(super) trait Says: Clone + Send + Sync + 'static {
    /// What it streams; `None` for what is not served.
    fn say(&self, method: &str) -> Option<BoxStream<'static, Bytes>>;
}

/// `wgtrace.v1.Observer`, as [`Says`] has it.
#[derive(Debug, Clone)]
pub(super) struct Observer<S>(pub(super) S);

impl<S> NamedService for Observer<S> {
    const NAME: &'static str = "wgtrace.v1.Observer";
}

impl<S: Says> Service<http::Request<Body>> for Observer<S> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().unwrap_or_default();
        let stream = Method(self.0.say(method));
        Box::pin(async move { Ok(Grpc::new(Ready).server_streaming(stream, request).await) })
    }
}

struct Method(Option<BoxStream<'static, Bytes>>);

impl ServerStreamingService<Bytes> for Method {
    type Response = Bytes;
    type ResponseStream = BoxStream<'static, Result<Bytes, Status>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        use futures_util::StreamExt as _;
        let stream = self.0.take().ok_or_else(|| Status::unimplemented("not served"));
        Box::pin(async move { Ok(Response::new(stream?.map(Ok).boxed())) })
    }
}

/// Bytes as they are.
#[derive(Debug, Clone, Copy, Default)]
struct Ready;

impl Codec for Ready {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Ready {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(message);
        Ok(())
    }
}

impl Decoder for Ready {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
