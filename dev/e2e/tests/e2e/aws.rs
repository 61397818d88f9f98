//! `style = "alb"`: the bytes and days of an Application Load Balancer.
