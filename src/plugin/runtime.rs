//! What the face asks of the agent's runtime that it lives in.

use async_trait::async_trait;

use crate::runtime::{MaybeSend, MaybeSync};

/// A room, as far as the face wants to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomInfo {
    /// Its id.
    pub id: String,
    /// The world that it belongs to.
    pub world_id: Option<String>,
}

/// Who somebody is in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Sees and controls the tasks of the room.
    #[default]
    Member,
    /// Those of the room's world, too.
    WorldOwner,
    /// All.
    Owner,
}

/// The agent's runtime that the face lives in.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Runtime: MaybeSend + MaybeSync + 'static {
    /// The agent. Tasks of rooms without a world get its id as their world.
    fn agent_id(&self) -> &str;

    /// A room.
    async fn room(&self, _id: &str) -> Option<RoomInfo> {
        None
    }

    /// Who a user is in a room. Asked for every message, so that a role that was taken away is gone at once.
    async fn role(&self, _room: &str, _user: &str) -> Role {
        Role::Member
    }

    /// A setting; the process's environment when not said otherwise, which is empty on wasm32.
    fn setting(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}
