//! Actors of kameo and of ractor that do the same.

use std::time::Duration;

use kameo::actor::Spawn;
use kameo::message::{Context, Message};
use ractor::{ActorProcessingErr, ActorRef, RpcReplyPort};

use crate::timed;

#[derive(kameo::Actor)]
struct Kameo;

struct Ping(String);

impl Message<Ping> for Kameo {
    type Reply = String;

    async fn handle(&mut self, ping: Ping, _: &mut Context<Self, Self::Reply>) -> String {
        ping.0
    }
}

pub async fn kameo_round_trips(messages: u32) -> Duration {
    let echo = Kameo::spawn(Kameo);
    let took = timed(messages, async || {
        let answer = echo.ask(Ping("ping".to_owned())).await.expect("it answers");
        assert_eq!(answer, "ping");
    })
    .await;
    echo.kill();
    took
}

pub async fn kameo_idle(agents: usize) {
    let mut handles = Vec::new();
    for _ in 0..agents {
        handles.push(Kameo::spawn(Kameo));
    }
    for handle in &handles {
        handle.ask(Ping("ping".to_owned())).await.expect("it answers");
    }
    std::mem::forget(handles);
}

struct Ractor;

struct Question(String, RpcReplyPort<String>);

impl ractor::Actor for Ractor {
    type Msg = Question;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Question>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<Question>,
        Question(text, reply): Question,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        reply.send(text)?;
        Ok(())
    }
}

async fn ractor() -> ActorRef<Question> {
    let (actor, _) = ractor::Actor::spawn(None, Ractor, ()).await.expect("it starts");
    actor
}

async fn ask(actor: &ActorRef<Question>) -> String {
    ractor::call!(actor, Question, "ping".to_owned()).expect("it answers")
}

pub async fn ractor_round_trips(messages: u32) -> Duration {
    let echo = ractor().await;
    let took = timed(messages, async || assert_eq!(ask(&echo).await, "ping")).await;
    echo.kill();
    took
}

pub async fn ractor_idle(agents: usize) {
    let mut handles = Vec::new();
    for _ in 0..agents {
        handles.push(ractor().await);
    }
    for handle in &handles {
        let _ = ask(handle).await;
    }
    std::mem::forget(handles);
}
