//! For those who run the server.

use actix_web::{HttpResponse, get, web::Data};
use api_types::{
    Health, LogHealth, ProofHealth, ProofState, Readiness, ReadinessProblem, ReadinessStatus, ViewHealth,
    WorkerHealth, WorkerState,
};
use application::{
    Application, LogState,
    keeping::readiness::{Problem, Readiness as Found, Stops, ViewState},
    proofs::tree::TreeState,
};
use supervision::{State, Status};

use chrono::Utc;

use crate::{config::ApiConfig, metrics::Metrics};

/// The process lives.
///
/// Answers as long as the process serves requests; says nothing about the log.
#[utoipa::path(
    operation_id = "get_health", tag = "operation", security(()),
    responses((status = 200, description = "It lives.", body = Health)),
)]
#[get("/healthz")]
pub(crate) async fn get_health() -> HttpResponse {
    HttpResponse::Ok().json(Health {
        status: "ok".to_owned(),
    })
}

/// Whether commands are taken and lists are answered.
///
/// 503 when they are not; `problems` says why and what to do, each under a code for programs. Tickets can be read in any case.
#[utoipa::path(
    operation_id = "get_readiness", tag = "operation", security(()),
    responses(
        (status = 200, description = "Ready.", body = Readiness),
        (status = 503, description = "Commands are not taken, or lists not answered; `problems` says which.", body = Readiness),
    ),
)]
#[get("/readyz")]
pub(crate) async fn get_readiness(application: Data<Application>) -> HttpResponse {
    let found = application.keeping.readiness(Utc::now());
    let body = Readiness {
        status: match found.is_ready() {
            true => ReadinessStatus::Ready,
            false => ReadinessStatus::NotReady,
        },
        log: log_health(&application),
        views: found.views.iter().map(|view| view_health(view, &found)).collect(),
        proof: proof_health(&application),
        problems: found.problems.iter().map(problem).collect(),
        workers: found.workers.iter().map(worker).collect(),
    };
    // Not a problem document: those who ask here want the whole picture in either case.
    let mut answer = if found.is_ready() {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    answer.json(body)
}

fn log_health(application: &Application) -> LogHealth {
    let (state, reason) = match application.keeping.log_state() {
        LogState::Writable => (api_types::LogState::Writable, None),
        LogState::Full {
            free_bytes,
            reserve_bytes,
        } => {
            let reason =
                format!("the disk has {free_bytes} bytes free, and {reserve_bytes} are kept in reserve");
            (api_types::LogState::Full, Some(reason))
        }
        LogState::ReadOnly { reason, .. } => (api_types::LogState::ReadOnly, Some(reason)),
        LogState::Poisoned { reason } => (api_types::LogState::Stopped, Some(reason)),
    };
    LogHealth {
        state,
        reason,
        head: application.head().0,
    }
}

fn view_health((view, behind_ms): &(ViewState, u64), found: &Found) -> ViewHealth {
    let worker = found.workers.iter().find(|worker| worker.name == "views");
    ViewHealth {
        name: view.name.to_owned(),
        position: view.position.0,
        state: worker.map_or(WorkerState::GivenUp, |worker| state(worker.state)),
        behind_ms: *behind_ms,
    }
}

fn proof_health(application: &Application) -> ProofHealth {
    let (tree, size) = application.proofs.tree_state();
    let state = match tree {
        TreeState::Following => ProofState::Following,
        TreeState::CatchingUp => ProofState::CatchingUp,
        TreeState::Broken { .. } => ProofState::Broken,
    };
    ProofHealth {
        state,
        size,
        signed: application.proofs.signed_size(),
    }
}

fn problem(problem: &Problem) -> ReadinessProblem {
    ReadinessProblem {
        code: problem.code.to_owned(),
        stops: match problem.stops {
            Stops::Commands => api_types::Stops::Commands,
            Stops::Lists => api_types::Stops::Lists,
            Stops::Proofs => api_types::Stops::Proofs,
            Stops::Nothing => api_types::Stops::Nothing,
        },
        detail: problem.detail.clone(),
        advice: problem.advice.to_owned(),
    }
}

fn worker(worker: &Status) -> WorkerHealth {
    WorkerHealth {
        name: worker.name.to_owned(),
        state: state(worker.state),
        restarts: worker.restarts,
        last_error: worker.last_error.map(str::to_owned),
    }
}

fn state(state: State) -> WorkerState {
    match state {
        State::Running => WorkerState::Running,
        State::Failing => WorkerState::Failing,
        State::Restarting => WorkerState::Restarting,
        State::GivenUp => WorkerState::GivenUp,
        State::Done => WorkerState::Done,
    }
}

/// Counters for Prometheus.
///
/// Answer times by method, route and status, and how far log and view have come.
#[utoipa::path(
    operation_id = "get_metrics", tag = "operation", security(()),
    responses((status = 200, description = "Text exposition format.", body = String, content_type = "text/plain")),
)]
#[get("/metrics")]
pub(crate) async fn get_metrics(
    application: Data<Application>,
    config: Data<ApiConfig>,
    metrics: Data<Metrics>,
) -> HttpResponse {
    let gauges = [
        (
            "guichet_log_head_position",
            "Last position of the log on disk.",
            application.head().0,
        ),
        (
            "guichet_view_queue_position",
            "Last position that the queue view shows.",
            application.tickets.listed_through().0,
        ),
        (
            "guichet_tree_size",
            "How many events are in the Merkle tree.",
            application.proofs.tree_state().1,
        ),
        (
            "guichet_signed_size",
            "How many events the last signed checkpoint covers.",
            application.proofs.signed_size(),
        ),
        (
            "guichet_reading_places",
            "How many questions could be answered at once more; 0 while some wait for their turn.",
            application.reading_places() as u64,
        ),
        (
            "guichet_process_log_lines_lost",
            "Lines of the process log that could not be written since the start.",
            (config.process_log_lines_lost)(),
        ),
        (
            "guichet_views_behind_milliseconds",
            "For how long a view has lacked what the log has, at most.",
            application
                .keeping
                .views()
                .iter()
                .map(|(_, behind_ms)| *behind_ms)
                .max()
                .unwrap_or(0),
        ),
    ];
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(metrics.text(&gauges) + &of_workers(&application.keeping.workers().statuses()))
}

/// How the workers fare, for Prometheus. Their names are ours, so the labels are few.
fn of_workers(workers: &[Status]) -> String {
    let series = |name: &str, kind: &str, help: &str, value: fn(&Status) -> u64| {
        let lines: Vec<String> = workers
            .iter()
            .map(|worker| format!("{name}{{worker=\"{}\"}} {}\n", worker.name, value(worker)))
            .collect();
        format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{}", lines.concat())
    };
    let well = |worker: &Status| match worker.state {
        State::Running | State::Done => 1,
        State::Failing | State::Restarting | State::GivenUp => 0,
    };
    let well = series(
        "guichet_worker_well",
        "gauge",
        "1 while a worker of the server is well.",
        well,
    );
    let restarts = |worker: &Status| worker.restarts;
    let restarts = series(
        "guichet_worker_restarts_total",
        "counter",
        "How often a worker of the server was begun again.",
        restarts,
    );
    well + &restarts
}
