internal import Glibc

/// Waits for what another thread or process will bring about; the deadline only keeps a failing test from hanging.
///
/// - Returns: whether it came about.
package func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while try !condition() {
        guard ContinuousClock.now < deadline else { return false }
        usleep(2000)
    }
    return true
}
