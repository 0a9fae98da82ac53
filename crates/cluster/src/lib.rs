//! The cluster, sans-IO: the bytes of its bus, its configuration file, the view that workers read.

pub mod address;
pub mod conf;
pub mod route;
pub mod view;
pub mod wire;
