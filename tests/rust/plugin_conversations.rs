//! The conversations of the fixture, which the face in TypeScript has with its users, too.

use agent_orchestrator::plugin::{ACTIONS, ChatMessage, Role};
use serde_json::{Value, json};

use super::plugin_host::{Actor, Does, Host};
use super::plugin_intents::fixture;

fn actor(of: &Value) -> Actor {
    let text = |name: &str| of[name].as_str().unwrap();
    let does = match text("does") {
        "waits" => Does::Waits,
        "finishes" => Does::Finishes,
        "fails" => Does::Fails,
        other => panic!("no provider {other}"),
    };
    Actor::new(text("id"), text("label"), does)
}

fn role(word: &str) -> Role {
    match word {
        "owner" => Role::Owner,
        "worldOwner" => Role::WorldOwner,
        _ => Role::Member,
    }
}

/// What was answered, in the words of the fixture.
fn heard(host: &Host, said: &Value) -> Value {
    let text = said["text"].as_str().unwrap();
    let room = said["room"].as_str().unwrap();
    let message = ChatMessage {
        room: room.to_owned(),
        user: said["user"].as_str().map(str::to_owned),
        text: text.to_owned(),
    };
    if let Some(world) = said["world"].as_str() {
        let mut worlds = host.agent.worlds.lock().unwrap();
        worlds.insert(room.to_owned(), world.to_owned());
    }
    if let Some(user) = &message.user {
        let role = role(said["role"].as_str().unwrap_or_default());
        host.agent.roles.lock().unwrap().insert(user.clone(), role);
    }
    let options = json!({ "parameters": said["parameters"] });
    let asked = said["asked"].as_str().map(|name| {
        let mut actions = ACTIONS.iter();
        actions.find(|action| action.name.as_str() == name).unwrap()
    });
    let reply = match asked {
        Some(action) => Some(host.wait(action.handle(&host.service, &message, &options))),
        None => host.wait(host.service.respond(&message, &options)),
    };
    match reply {
        None => Value::Null,
        Some(reply) => json!([reply.action, reply.success, reply.text]),
    }
}

#[test]
fn every_conversation_of_the_fixture_goes_as_it_says() {
    let fixture = fixture();
    let mut wrong = Vec::new();
    for conversation in fixture["conversations"].as_array().unwrap() {
        let actors = conversation["providers"].as_array().unwrap();
        let host = Host::with(actors.iter().map(actor).collect());
        for said in conversation["messages"].as_array().unwrap() {
            let due = match &said["action"] {
                Value::Null => Value::Null,
                action => json!([action, said["success"], said["reply"]]),
            };
            let heard = heard(&host, said);
            if heard != due {
                let about = &conversation["about"];
                wrong.push(format!("{about}: {}\ndue   {due}\nheard {heard}", said["text"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
