use std::sync::Arc;

use tokio::sync::Mutex;
use tonic::{Request, Response, Status};
use wgtrace_api::v1::node_server::Node as Contract;
use wgtrace_api::v1::{
    EndpointAddReply, EndpointAddRequest, EndpointCheckReply, EndpointCheckRequest, EndpointDeleteReply,
    EndpointDeleteRequest, InterfacesReply, InterfacesRequest, NodesReply, NodesRequest, PeersReply,
    PeersRequest, StatusReply, StatusRequest,
};

use super::caller::root_only;
use super::seats::Room;
use super::show;
use crate::datapath::bpf::Metrics;
use crate::endpoints::EndpointKey;
use crate::node::Node;
use crate::node::endpoints::{Addition, Blame, EndpointError};
use crate::watch::Watch;

/// The node, as the contract has it.
pub(super) struct Service {
    node: Arc<Mutex<Node>>,
    watch: Arc<Watch>,
    metrics: Arc<Metrics>,
    room: Room,
}

impl Service {
    pub(super) fn new(node: Arc<Mutex<Node>>, watch: Arc<Watch>, metrics: Arc<Metrics>, room: Room) -> Self {
        Self { node, watch, metrics, room }
    }

    /// Runs a change to its end, whether or not anybody waits for the answer.
    async fn change<T, F, W>(&self, work: W) -> Result<T, Status>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, EndpointError>> + Send + 'static,
        W: FnOnce(Arc<Mutex<Node>>) -> F,
    {
        let task = tokio::spawn(work(Arc::clone(&self.node)));
        let done = task.await.map_err(|error| Status::internal(error.to_string()))?;
        done.map_err(|error| refusal(&error))
    }
}

#[tonic::async_trait]
impl Contract for Service {
    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusReply>, Status> {
        let counts = self.metrics.read().map_err(|error| internal(error.into()))?;
        let mut node = self.node.lock().await;
        show::status(&mut node, &counts, &self.watch, self.room.refused())
            .await
            .map(Response::new)
            .map_err(internal)
    }

    async fn interfaces(&self, _: Request<InterfacesRequest>) -> Result<Response<InterfacesReply>, Status> {
        let mut node = self.node.lock().await;
        show::interfaces(&mut node).await.map(Response::new).map_err(internal)
    }

    async fn peers(&self, _: Request<PeersRequest>) -> Result<Response<PeersReply>, Status> {
        Ok(Response::new(show::peers(&*self.node.lock().await)))
    }

    async fn nodes(&self, _: Request<NodesRequest>) -> Result<Response<NodesReply>, Status> {
        Ok(Response::new(show::nodes(self.node.lock().await.roster())))
    }

    async fn endpoint_add(
        &self,
        request: Request<EndpointAddRequest>,
    ) -> Result<Response<EndpointAddReply>, Status> {
        root_only(&request)?;
        let request = request.into_inner();
        let key = key(&request.container_id, &request.interface)?;
        let address = match request.address.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                Status::invalid_argument(format!("`{}` is no IPv4 address", text.escape_debug()))
            })?),
        };
        let EndpointAddRequest { netns, pod, namespace, .. } = request;
        let addition = Addition { key, netns: netns.into(), address, pod, namespace };
        let reply = self.change(|node| async move {
            let mut node = node.lock().await;
            let endpoint = node.add_endpoint(addition).await?;
            Ok(show::endpoint(&node, &endpoint))
        });
        Ok(Response::new(EndpointAddReply { endpoint: Some(reply.await?) }))
    }

    async fn endpoint_delete(
        &self,
        request: Request<EndpointDeleteRequest>,
    ) -> Result<Response<EndpointDeleteReply>, Status> {
        root_only(&request)?;
        let request = request.into_inner();
        let key = key(&request.container_id, &request.interface)?;
        let existed = self.change(|node| async move { node.lock().await.delete_endpoint(&key).await });
        Ok(Response::new(EndpointDeleteReply { existed: existed.await? }))
    }

    async fn endpoint_check(
        &self,
        request: Request<EndpointCheckRequest>,
    ) -> Result<Response<EndpointCheckReply>, Status> {
        root_only(&request)?;
        let request = request.into_inner();
        let key = key(&request.container_id, &request.interface)?;
        let mut node = self.node.lock().await;
        let checked = node.check_endpoint(&key, request.netns.as_ref()).await;
        let endpoint = checked.map_err(|error| refusal(&error))?;
        Ok(Response::new(EndpointCheckReply { endpoint: Some(show::endpoint(&node, &endpoint)) }))
    }
}

fn key(container_id: &str, interface: &str) -> Result<EndpointKey, Status> {
    EndpointKey::new(container_id, interface).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn refusal(error: &EndpointError) -> Status {
    let text = error.to_string();
    match error.blame() {
        Blame::Request => Status::invalid_argument(text),
        Blame::Exhausted => Status::resource_exhausted(text),
        Blame::Exists => Status::already_exists(text),
        Blame::Unknown => Status::not_found(text),
        Blame::State => Status::failed_precondition(text),
        Blame::Node => Status::internal(text),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn internal(error: anyhow::Error) -> Status {
    Status::internal(format!("{error:#}"))
}
