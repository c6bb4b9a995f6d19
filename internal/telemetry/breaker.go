package telemetry

import "github.com/prometheus/client_golang/prometheus"

func (m *Metrics) addBreakers() {
	m.breakers = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "skytower_breaker_changes_total", Help: "Targets that were taken out of service, are probed, or serve again.",
	}, []string{"state"})
	m.registry.MustRegister(m.breakers)
}

// Breaker counts a change of a target's circuit breaker into a state.
func (m *Metrics) Breaker(state string) { m.breakers.WithLabelValues(state).Inc() }
