// The part of NUnit 3 that the tests of the package use, so that they run without it: in the rig, and ahead of time.
// Unity's Test Runner and `dotnet test` take NUnit itself.

using System;
using System.Collections;

namespace NUnit.Framework
{
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class TestAttribute : Attribute
    {
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    public sealed class TestCaseAttribute : Attribute
    {
        public TestCaseAttribute(params object[] arguments) => Arguments = arguments;

        public object[] Arguments { get; }
    }

    public sealed class AssertionException : Exception
    {
        public AssertionException(string message) : base(message)
        {
        }
    }

    public sealed class IgnoreException : Exception
    {
        public IgnoreException(string message) : base(message)
        {
        }
    }

    public static class Assert
    {
        public static void AreEqual(object expected, object actual, string message = "")
        {
            if (expected is IEnumerable a && actual is IEnumerable b && !(expected is string))
            {
                IEnumerator x = a.GetEnumerator(), y = b.GetEnumerator();
                for (var i = 0; ; i++)
                {
                    bool more = x.MoveNext(), other = y.MoveNext();
                    if (more != other) throw new AssertionException($"{message}: one has {i} items and the other more");
                    if (!more) return;
                    AreEqual(x.Current, y.Current, $"{message}: item {i}");
                }
            }
            if (expected is double || actual is double || expected is float || actual is float)
                AreEqual(Convert.ToDouble(expected), Convert.ToDouble(actual), 0, message);
            else if (!Equals(expected, actual) && !SameNumber(expected, actual))
                throw new AssertionException($"{message}: expected {expected}, got {actual}");
        }

        public static void AreEqual(double expected, double actual, double delta, string message = "") =>
            IsTrue(Math.Abs(expected - actual) <= delta, $"{message}: expected {expected}, got {actual}");

        public static void AreSame(object expected, object actual, string message = "") =>
            IsTrue(ReferenceEquals(expected, actual), $"{message}: not the same object");

        public static void IsTrue(bool condition, string message = "")
        {
            if (!condition) throw new AssertionException(message.Length > 0 ? message : "expected true");
        }

        public static void IsFalse(bool condition, string message = "") => IsTrue(!condition, message);

        public static void IsNull(object value, string message = "") =>
            IsTrue(value == null, $"{message}: got {value}");

        public static void Less(double a, double b, string message = "") =>
            IsTrue(a < b, $"{message}: {a} is not less than {b}");

        public static void LessOrEqual(double a, double b, string message = "") =>
            IsTrue(a <= b, $"{message}: {a} is more than {b}");

        public static void Greater(double a, double b, string message = "") => Less(b, a, message);

        public static T Throws<T>(Action action, string message = "") where T : Exception
        {
            var error = Catch<T>(action, message);
            IsTrue(error.GetType() == typeof(T), $"{message}: expected {typeof(T).Name}, got {error.GetType().Name}");
            return error;
        }

        public static T Catch<T>(Action action, string message = "") where T : Exception
        {
            try
            {
                action();
            }
            catch (T error)
            {
                return error;
            }
            throw new AssertionException($"{message}: expected {typeof(T).Name}, nothing was thrown");
        }

        public static void Ignore(string message) => throw new IgnoreException(message);

        private static bool SameNumber(object a, object b) => a is IConvertible && b is IConvertible && !(a is string)
            && !(b is string) && !(a is bool) && Convert.ToDecimal(a) == Convert.ToDecimal(b);
    }

    public static class StringAssert
    {
        public static void Contains(string expected, string actual, string message = "") =>
            Assert.IsTrue(actual.Contains(expected), $"{message}: \"{actual}\" does not hold \"{expected}\"");
    }
}
