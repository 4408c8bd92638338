//! `ConverseStream`: a body goes out as it is, frames come back as they are.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use hyper::body::Body as _;
use tokio::time::{Instant, Sleep};

use super::answer;
use super::body::{self, Server, TakeBody, Taken};
use super::client::Aws;
use super::driver::DriverFinder;
use super::failure::{self, Asked};
use super::frames::FrameDecoder;
use super::operation::Operation;
use super::request::{ConverseRequest, runtime_region};
use crate::contract::conversation::{Batch, Ending};
use crate::contract::types::{ApiError, ApiStage};

/// What `ConverseStream` answers with.
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// Bytes of a batch's buffer that are kept for the next batch.
const KEPT_BUFFER: usize = 256 << 10;

/// Bytes of a batch after which it is not filled further, though more may be there. Bedrock sends an event as one HTTP chunk of some 200
/// bytes, so this is over a hundred events for one call of the provider and one write to the client.
const FULL_BATCH: usize = 32 << 10;

/// The frames of one response.
pub struct EventStream {
    body: SdkBody,
    decoder: FrameDecoder,
    batch: Batch,
    /// How the body ended, while the frames before that are given.
    ended: Option<Ending>,
    /// The connection that the body comes from.
    connection: Arc<DriverFinder>,
    idle: Duration,
    /// Fires when the silence may have lasted too long. It is set again only when it fires and not with every read: a timer
    /// that is armed again for each event costs more than the event.
    alarm: Pin<Box<Sleep>>,
    /// When the silence that lasts began.
    waiting_since: Option<Instant>,
    request_id: Option<String>,
    server: Option<Server>,
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EventStream").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// What came next.
#[derive(Debug)]
pub enum Received<'stream> {
    /// All the complete frames that were there.
    Frames(&'stream Batch),
    /// The stream ended, after the frames given so far.
    Ended(Ending),
}

impl Aws {
    /// Sends a request, and gives the stream as soon as the response's headers are there.
    ///
    /// `idle` is the longest silence, of the headers and then between two reads.
    ///
    /// # Errors
    /// When the request failed before a stream began, uninterpreted: `conversation.explain` says what it means.
    pub async fn converse_stream(&self, request: ConverseRequest, idle: Duration) -> Result<EventStream, ApiError> {
        let ConverseRequest { destination, body } = request;
        let (model_id, region) = (destination.model_id(), destination.region());
        let asked = Asked { operation: Operation::ConverseStream, model_id: Some(model_id), region: region.as_str() };
        let sent = self.renewing(asked, || async {
            let take = TakeBody::leaving("");
            let operation = self.runtime.converse_stream().model_id(model_id);
            let sending = async {
                if *region == self.region {
                    operation.send().await
                } else {
                    operation.customize().config_override(runtime_region(region)).send().await
                }
            };
            // The SDK's future has tens of KiB. All that wait for it would have it in them, and copy it whenever they are moved.
            let sending = Box::pin(body::exchanging(body.clone(), take.clone(), sending));
            answer::taken(asked, sending, &take).await
        });
        let taken = tokio::time::timeout(idle, sent).await.map_err(|_| asked.error(ApiStage::Timeout, None))??;
        EventStream::open(taken, idle).map_err(|reason| asked.error(ApiStage::Unreadable, Some(reason)))
    }
}

impl EventStream {
    /// Refuses a body of another type: JSON or HTML would look like a damaged frame.
    fn open(taken: Taken, idle: Duration) -> Result<Self, String> {
        let Taken { body, status: _, content_type, request_id, server } = taken;
        match content_type.as_deref() {
            Some(found) if found.starts_with(EVENT_STREAM) => {}
            Some(found) => return Err(format!("its content type is {found}; expected {EVENT_STREAM}")),
            None => return Err(format!("it has no content type; expected {EVENT_STREAM}")),
        }
        let batch = Batch { frames: Vec::new(), bytes: Vec::new() };
        let alarm = Box::pin(tokio::time::sleep(idle));
        Ok(EventStream {
            body,
            decoder: FrameDecoder::default(),
            batch,
            ended: None,
            connection: Arc::default(),
            idle,
            alarm,
            waiting_since: None,
            request_id,
            server,
        })
    }

    /// Keeps the frames of the batches from now on as they came, for [`EventStream::take_verbatim`].
    pub fn keep_verbatim(&mut self) {
        self.decoder.keep_verbatim();
    }

    /// The frames that were received since the last call, byte for byte.
    pub fn take_verbatim(&mut self) -> Bytes {
        self.decoder.take_verbatim()
    }

    /// AWS's id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The server that answers.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Waits until a frame is complete, and gives all the frames that are there by then; or says how the stream ended. It can be
    /// dropped while it waits, and called again.
    pub async fn receive(&mut self) -> Received<'_> {
        match std::future::poll_fn(|context| self.poll_batch(context)).await {
            None => Received::Frames(&self.batch),
            Some(ending) => Received::Ended(ending),
        }
    }

    /// [`EventStream::receive`] for who polls. What the call before gave is gone with this one.
    pub fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Received<'_>> {
        Poll::Ready(match ready!(self.poll_batch(context)) {
            None => Received::Frames(&self.batch),
            Some(ending) => Received::Ended(ending),
        })
    }

    /// Fills the batch; gives the ending when there is nothing more to fill it with.
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Ending>> {
        self.batch.frames.clear();
        self.batch.bytes.clear();
        self.batch.bytes.shrink_to(KEPT_BUFFER);
        // Whether the connection was driven on and brought nothing.
        let mut is_driven = false;
        loop {
            if let Err(error) = self.decode() {
                self.ended = Some(Ending::Damaged(error.to_string()));
            }
            let has_frames = !self.batch.frames.is_empty();
            match &self.ended {
                // What was whole before the end or the damage counts; the ending comes with the next call.
                Some(_) if has_frames => return Poll::Ready(None),
                Some(ended) => return Poll::Ready(Some(ended.clone())),
                None if self.batch.bytes.len() >= FULL_BATCH => return Poll::Ready(None),
                None => {}
            }
            match self.connection.poll(context, |context| Pin::new(&mut self.body).poll_frame(context)) {
                Poll::Pending if has_frames => match self.connection.found().filter(|_| !is_driven) {
                    Some(connection) => {
                        connection.drive_on();
                        is_driven = true;
                    }
                    None => return Poll::Ready(None),
                },
                Poll::Pending => {
                    ready!(self.poll_alarm(context));
                    let milliseconds = u64::try_from(self.idle.as_millis()).unwrap_or(u64::MAX);
                    return Poll::Ready(Some(Ending::Idle(milliseconds)));
                }
                Poll::Ready(None) => {
                    self.ended = Some(match self.decoder.end() {
                        Ok(()) => Ending::Complete,
                        Err(error) => Ending::Damaged(error.to_string()),
                    });
                }
                Poll::Ready(Some(Err(error))) => {
                    self.ended = Some(Ending::Broken(failure::chain(error.as_ref())));
                }
                Poll::Ready(Some(Ok(frame))) => {
                    self.waiting_since = None;
                    is_driven = false;
                    // Trailers say nothing here.
                    if let Ok(chunk) = frame.into_data() {
                        self.decoder.feed(chunk);
                    }
                }
            }
        }
    }

    /// Ready when nothing came for longer than it may.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        loop {
            ready!(self.alarm.as_mut().poll(context));
            let until = since + self.idle;
            if until <= Instant::now() {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(until);
        }
    }

    /// Decodes what is whole, until the batch is full. The rest stays where it lies.
    fn decode(&mut self) -> Result<(), super::frames::FrameError> {
        while self.batch.bytes.len() < FULL_BATCH && self.decoder.next_into(&mut self.batch)? {}
        Ok(())
    }
}
